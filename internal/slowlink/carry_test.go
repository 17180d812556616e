package slowlink

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const (
	delay     = 20 * time.Millisecond
	roundTrip = 2 * delay
)

// half is one end of a connection in memory.
type half struct {
	*io.PipeReader
	to *io.PipeWriter
}

func (h half) Write(p []byte) (int, error) { return h.to.Write(p) }
func (h half) CloseWrite() error           { return h.to.Close() }
func (h half) Close() error                { return errors.Join(h.PipeReader.Close(), h.to.Close()) }

// connection makes both ends of one.
func connection() (end, end) {
	there, here := io.Pipe()
	back, away := io.Pipe()
	return half{back, here}, half{there, away}
}

// overLink runs a test of a client and a server with a link in between, in a time of its own: a goroutine that is
// left at the end fails it.
func overLink(t *testing.T, l Link, test func(t *testing.T, client, server end, cancel func())) {
	synctest.Test(t, func(t *testing.T) {
		client, near := connection()
		far, server := connection()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go l.relay(ctx, near, far)
		test(t, client, server, cancel)
	})
}

// send writes the text from another goroutine.
func send(to end, text []byte) { go to.Write(text) }

// receive reads n bytes.
func receive(t *testing.T, from io.Reader, n int) []byte {
	t.Helper()
	text := make([]byte, n)
	if _, err := io.ReadFull(from, text); err != nil {
		t.Fatalf("%d bytes did not arrive: %v", n, err)
	}
	return text
}

// took fails the test if another time has passed since it began.
func took(t *testing.T, began time.Time, want time.Duration) {
	t.Helper()
	if got := time.Since(began); got != want {
		t.Errorf("it took %s, want %s", got, want)
	}
}

func TestBytesArriveLater(t *testing.T) {
	overLink(t, Link{delay, 1 << 10}, func(t *testing.T, client, server end, _ func()) {
		began := time.Now()
		send(client, []byte("question"))
		receive(t, server, 8)
		took(t, began, delay)
		send(server, []byte("answer"))
		receive(t, client, 6)
		took(t, began, roundTrip)
	})
}

func TestEachByteTravelsOnItsOwn(t *testing.T) {
	overLink(t, Link{delay, 1 << 10}, func(t *testing.T, client, server end, _ func()) {
		began := time.Now()
		go func() {
			client.Write([]byte("a"))
			time.Sleep(7 * time.Millisecond)
			client.Write([]byte("b"))
		}()
		receive(t, server, 1)
		took(t, began, delay)
		receive(t, server, 1)
		took(t, began, delay+7*time.Millisecond)
	})
}

func TestOneWindowPerRoundTrip(t *testing.T) {
	const window, windows = 512 << 10, 100
	overLink(t, Link{delay, window}, func(t *testing.T, client, server end, _ func()) {
		began := time.Now()
		send(client, make([]byte, windows*window))
		receive(t, server, windows*window)
		took(t, began, (windows-1)*roundTrip+delay)
	})
}

func TestASlowReaderHoldsTheWindow(t *testing.T) {
	const window = 1 << 10
	overLink(t, Link{delay, window}, func(t *testing.T, client, server end, _ func()) {
		began := time.Now()
		send(client, make([]byte, 2*window))
		time.Sleep(time.Second)
		receive(t, server, window) // acknowledged only now
		receive(t, server, window)
		took(t, began, time.Second+roundTrip)
	})
}

func TestPiecesAreBounded(t *testing.T) {
	const n = 3 * maxPieces
	overLink(t, Link{delay, 1 << 20}, func(t *testing.T, client, server end, _ func()) {
		began := time.Now()
		go func() {
			for range n {
				client.Write([]byte{1})
			}
		}()
		receive(t, server, n)
		took(t, began, 2*roundTrip+delay)
	})
}

// TestBothWays has both ends write pieces of all sizes, with pauses, through windows of all sizes.
func TestBothWays(t *testing.T) {
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		overLink(t, Link{delay, 1 + rnd.IntN(3000)}, func(t *testing.T, client, server end, _ func()) {
			var group sync.WaitGroup
			for i, ends := range [][2]end{{client, server}, {server, client}} {
				rnd := rand.New(rand.NewPCG(seed, 1+uint64(i)))
				text := make([]byte, 20_000)
				for i := range text {
					text[i] = byte(rnd.Int())
				}
				group.Go(func() { sendInPieces(ends[0], text, rnd) })
				group.Go(func() {
					got, err := io.ReadAll(ends[1])
					if err != nil || !bytes.Equal(got, text) {
						t.Errorf("seed %d, way %d: %d bytes arrived, not the %d that were sent; %v", seed, i, len(got), len(text), err)
					}
				})
			}
			group.Wait()
		})
	}
}

func sendInPieces(to end, text []byte, rnd *rand.Rand) {
	for len(text) > 0 {
		n := min(1+rnd.IntN(5000), len(text))
		to.Write(text[:n])
		text = text[n:]
		time.Sleep(time.Duration(rnd.IntN(int(delay))))
	}
	to.CloseWrite()
}

func TestOneSideMayEndFirst(t *testing.T) {
	overLink(t, Link{delay, 1 << 10}, func(t *testing.T, client, server end, _ func()) {
		began := time.Now()
		client.CloseWrite()
		if _, err := server.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the server read %v, want the end", err)
		}
		took(t, began, delay)
		send(server, make([]byte, 10<<10))
		receive(t, client, 10<<10)
	})
}

func TestABrokenEndBreaksTheOther(t *testing.T) {
	for name, l := range map[string]Link{"slow": {delay, 1 << 10}, "fast": {}} {
		t.Run(name, func(t *testing.T) {
			overLink(t, l, func(t *testing.T, client, server end, _ func()) {
				server.Close()
				send(client, make([]byte, 10))
				if n, err := io.Copy(io.Discard, client); n != 0 || err != nil {
					t.Errorf("the client read %d bytes, %v; want the end", n, err)
				}
				synctest.Wait()
				if _, err := client.Write(make([]byte, 10)); err == nil {
					t.Error("the client could still write")
				}
			})
		})
	}
}

func TestCancelClosesBothEnds(t *testing.T) {
	for name, l := range map[string]Link{"slow": {delay, 1 << 10}, "fast": {}} {
		t.Run(name, func(t *testing.T) {
			overLink(t, l, func(t *testing.T, client, server end, cancel func()) {
				go client.Write(make([]byte, 10<<10)) // more than there is room for
				synctest.Wait()
				cancel()
				synctest.Wait()
				for _, e := range []end{client, server} {
					if _, err := e.Write([]byte("x")); err == nil {
						t.Error("an end could still write")
					}
				}
			})
		})
	}
}

func TestNoDelayIsNoLimit(t *testing.T) {
	overLink(t, Link{Window: 1}, func(t *testing.T, client, server end, _ func()) {
		began := time.Now()
		send(client, make([]byte, 1<<20))
		receive(t, server, 1<<20)
		took(t, began, 0)
	})
}
