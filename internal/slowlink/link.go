// Package slowlink makes a connection on one machine as slow as one to a far place.
//
//	link := slowlink.Link{Delay: 20 * time.Millisecond, Window: 512 << 10}
//	err := link.Serve(ctx, listener, "127.0.0.1:5432")
//
// It models what distance does to TCP: every byte arrives a delay later, and a connection moves one window per round
// trip at most, however fast its ends are. Loss, jitter and a limit that connections share are not modelled.
package slowlink

import (
	"context"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Link is a network link. The zero value is one that adds nothing.
type Link struct {
	// Delay is how long a byte travels, one way. A round trip takes twice that.
	Delay time.Duration
	// Window is how many bytes of a connection may be sent and not yet acknowledged, in each direction. It counts
	// where there is a delay.
	Window int
}

// Serve takes connections from the listener and continues each to the TCP address of the target, as if the link were
// in between. It closes the listener when ctx ends, and returns when the last connection is closed. What breaks a
// connection is for its ends to see; an error is one of the listener.
func (l Link) Serve(ctx context.Context, listener net.Listener, target string) error {
	var joined sync.WaitGroup
	defer joined.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { listener.Close() })
	defer stop()
	for {
		client, err := listener.Accept()
		if ctx.Err() != nil {
			if err == nil {
				client.Close()
			}
			return nil
		}
		if err != nil {
			return err
		}
		joined.Go(func() { l.join(ctx, client.(*net.TCPConn), target) })
	}
}

// received is how much the kernel takes of a connection before the link does, in bytes. Left to itself it takes up to 6 MB,
// and acknowledges them: a sender would believe them at the far end, and measure a burst at first and then a pause.
const received = 64 << 10

// join connects a client with the target.
func (l Link) join(ctx context.Context, client *net.TCPConn, target string) {
	defer client.Close()
	// TCP's handshake takes a round trip before the client may send.
	if !sleep(ctx, 2*l.Delay) {
		return
	}
	var dialer net.Dialer
	server, err := dialer.DialContext(ctx, "tcp", target)
	if err != nil {
		return
	}
	defer server.Close()
	if l.Delay > 0 && (client.SetReadBuffer(received) != nil || server.(*net.TCPConn).SetReadBuffer(received) != nil) {
		return
	}
	_ = l.relay(ctx, client, server.(*net.TCPConn)) // both ends have seen it
}

// end is one end of a connection. CloseWrite tells the other that nothing more comes from here.
type end interface {
	io.Reader
	io.Writer
	io.Closer
	CloseWrite() error
}

// relay carries what each of two ends sends to the other, until neither sends any more, one of them breaks, or ctx
// ends. Then it closes both.
func (l Link) relay(ctx context.Context, a, b end) error {
	group, ctx := errgroup.WithContext(ctx)
	l.carry(ctx, group, b, a)
	l.carry(ctx, group, a, b)
	var closed sync.WaitGroup
	defer closed.Wait()
	closed.Go(func() {
		<-ctx.Done() // the group's: it ends with the group
		a.Close()
		b.Close()
	})
	return group.Wait()
}

// sleep reports whether the time has passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
