package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/rapidbyte/rbt/internal/slowlink"
	"github.com/rapidbyte/rbt/internal/testbed"
)

// road is what lies between rbt and the servers.
type road struct {
	name string
	link slowlink.Link
	// source and destination say whether the link is on that side.
	source, destination bool
}

// roads makes the ones that are listed.
func roads(list, place string, link slowlink.Link) ([]road, error) {
	slow := road{name: "slow link", link: link}
	switch place {
	case "source":
		slow.source = true
	case "destination":
		slow.destination = true
	case "both":
		slow.source, slow.destination = true, true
	default:
		return nil, fmt.Errorf("a link is on the side of the source, the destination or both, not %q", place)
	}
	var all []road
	for name := range strings.SplitSeq(list, ",") {
		switch name {
		case "slow":
			all = append(all, slow)
		case "fast":
			all = append(all, fastRoad())
		default:
			return nil, fmt.Errorf("a link is slow or fast, not %q", name)
		}
	}
	return all, nil
}

func (r road) slow() bool { return r.source || r.destination }

// fastRoad is the way between servers that are near.
func fastRoad() road { return road{name: "fast link"} }

// String describes the road to the reader of a report.
func (r road) String() string {
	if !r.slow() {
		return "none: all on one machine"
	}
	var sides []string
	if r.source {
		sides = append(sides, "the source")
	}
	if r.destination {
		sides = append(sides, "the destination")
	}
	return fmt.Sprintf("%s each way and %d KiB in flight per connection, between rbt and %s",
		r.link.Delay, r.link.Window>>10, strings.Join(sides, " and "))
}

// ends are how rbt reaches the servers.
type ends struct{ source, destination string }

// open opens the road. What it returns closes it.
func (r road) open(ctx context.Context, bed *testbed.Bed) (e ends, end func() error, err error) {
	e = ends{bed.Source.DSN(), bed.Destination.DSN()}
	ctx, cancel := context.WithCancel(ctx)
	var links errgroup.Group
	end = func() error {
		cancel()
		return links.Wait()
	}
	if r.source {
		e.source, err = r.lay(ctx, &links, e.source)
	}
	if r.destination && err == nil {
		e.destination, err = r.lay(ctx, &links, e.destination)
	}
	if err != nil {
		return e, nil, errors.Join(err, end())
	}
	return e, end, nil
}

// lay puts a link before a server, until ctx ends, and returns the connection string that leads over it.
func (r road) lay(ctx context.Context, links *errgroup.Group, dsn string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return "", err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := u.Host
	links.Go(func() error { return r.link.Serve(ctx, listener, server) })
	u.Host = listener.Addr().String()
	return u.String(), nil
}
