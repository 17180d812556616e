package slowlink

import (
	"context"
	"hash/crc32"
	"io"
	"net"
	"testing"
	"time"
)

// served is a link to a server that answers every connection with answer. It returns where the link listens, and what
// ends it and waits.
func served(t *testing.T, l Link, answer func(*net.TCPConn)) (address string, end func()) {
	t.Helper()
	server := listen(t)
	t.Cleanup(func() { server.Close() })
	go func() {
		for {
			conn, err := server.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				answer(conn.(*net.TCPConn))
			}()
		}
	}()
	listener := listen(t)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Serve(ctx, listener, server.Addr().String()) }()
	t.Cleanup(cancel)
	return listener.Addr().String(), func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Serve = %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("Serve did not return")
		}
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func dial(t *testing.T, address string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn.(*net.TCPConn)
}

// echo answers with what it is sent.
func echo(c *net.TCPConn) {
	io.Copy(c, c)
	c.CloseWrite()
}

func TestServe(t *testing.T) {
	t.Parallel()
	address, end := served(t, Link{delay, 64 << 10}, echo)
	began := time.Now()
	conn := dial(t, address)
	conn.Write([]byte("x"))
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if got := time.Since(began); got < 2*roundTrip || got > 2*roundTrip+time.Second {
		t.Errorf("a handshake and an echo took %s, want two round trips of %s", got, roundTrip)
	}
	conn.CloseWrite()
	if n, err := io.Copy(io.Discard, conn); n != 0 || err != nil {
		t.Errorf("after the end, %d bytes and %v came back", n, err)
	}
	end()
}

// TestServeSpeed allows a busy machine half of the speed. None may go faster than the window lets it.
func TestServeSpeed(t *testing.T) {
	t.Parallel()
	const window, size = 256 << 10, 8 << 20
	sum := crc32.NewIEEE()
	done := make(chan time.Time, 1)
	address, end := served(t, Link{delay, window}, func(c *net.TCPConn) {
		io.Copy(sum, c)
		done <- time.Now()
	})
	conn := dial(t, address)
	text := make([]byte, size)
	for i := range text {
		text[i] = byte(i * i >> 8)
	}
	began := time.Now()
	conn.Write(text)
	conn.CloseWrite()
	took := (<-done).Sub(began)
	const least = (size/window - 1) * roundTrip
	if took < least || took > 2*least+time.Second {
		t.Errorf("%d MiB took %s, want little more than %s", size>>20, took, least)
	}
	if sum.Sum32() != crc32.ChecksumIEEE(text) {
		t.Error("other bytes arrived than were sent")
	}
	end()
}

func TestServeEndsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]Link{"slow": {time.Hour, 1 << 10}, "fast": {}} {
		t.Run(name, func(t *testing.T) {
			address, end := served(t, l, func(c *net.TCPConn) { io.Copy(io.Discard, c) })
			conn := dial(t, address)
			conn.Write([]byte("x"))
			end()
			conn.SetDeadline(time.Now().Add(10 * time.Second))
			if n, err := conn.Read(make([]byte, 1)); n != 0 || err == nil {
				t.Errorf("the client read %d bytes, %v", n, err)
			}
		})
	}
}

func TestServeWithoutATarget(t *testing.T) {
	t.Parallel()
	nobody := listen(t)
	nobody.Close()
	listener := listen(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go Link{}.Serve(ctx, listener, nobody.Addr().String())
	if _, err := dial(t, listener.Addr().String()).Read(make([]byte, 1)); err == nil {
		t.Error("a connection that leads nowhere was not closed")
	}
}

func TestServeTellsOfItsListener(t *testing.T) {
	listener := listen(t)
	listener.Close()
	if err := (Link{}).Serve(context.Background(), listener, ""); err == nil {
		t.Error("no error of a closed listener")
	}
}
