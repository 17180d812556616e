package report

import (
	"cmp"
	"math"
	"slices"

	"github.com/rapidbyte/rbt/policy/trace"
)

// Spent says where the time of a stream's lanes went, in lane-seconds, and that
// of publishing in seconds.
type Spent struct {
	Source, Write, Flush, Commit, Other float64
	Publish                             map[string]float64 // by what was done

	seconds, waitedRead, waitedWrite float64      // as they were measured
	seen                             trace.Loaded // what lanes were seen to wait for
}

// SpentOn divides the time of a part's lane, so that the shares add up to it. A
// lane reads and writes at once: where it waited for both sides, the time is
// divided as the waits are.
func SpentOn(p trace.Part) Spent {
	t := Spent{Source: max(p.SourceWait, 0), Write: max(p.WriteWait, 0), Flush: max(p.FlushWait, 0), Commit: min(max(p.Commit, 0), max(p.Seconds, 0))}
	t.seconds, t.waitedRead, t.waitedWrite = max(p.Seconds, 0), t.Source, t.Write+t.Flush+t.Commit
	copying := max(p.Seconds, 0) - t.Commit
	if waits := t.Source + t.Write + t.Flush; waits > copying {
		t.Source, t.Write, t.Flush = t.Source*copying/waits, t.Write*copying/waits, t.Flush*copying/waits
	} else {
		t.Other = copying - waits
	}
	return t
}

// add adds the time of another part.
func (t *Spent) add(p Spent) {
	t.Source += p.Source
	t.Write += p.Write
	t.Flush += p.Flush
	t.Commit += p.Commit
	t.Other += p.Other
	t.seconds += p.seconds
	t.waitedRead += p.waitedRead
	t.waitedWrite += p.waitedWrite
}

// links are the shares of what lanes waited for the source, and for the destination,
// that they waited for the link at least. Lanes waited for rows in a share r of
// their time, and in a share i the source did nothing. Both at once is the link's
// doing, and happens in r + i - 1 of the time at least. Of i two
// standard errors are taken off, which are 1/√n or less for n looks.
func (t Spent) links() (source, dest float64) {
	if t.seen.Looks <= 0 {
		return 0, 0
	}
	n := float64(t.seen.Looks)
	share := func(idle int64, waited float64) float64 {
		if waited <= 0 {
			return 0
		}
		both := float64(idle)/n - 1/math.Sqrt(n) + min(waited/t.seconds, 1) - 1
		return min(max(both, 0)*t.seconds/waited, 1)
	}
	return share(t.seen.SourceIdle, t.waitedRead), share(t.seen.DestIdle, t.waitedWrite)
}

// slice is a share of the time of a stream's lanes, or of its publication.
type slice struct {
	What string
	Secs float64
}

// slices are where time went, those of no time left out.
func (t Spent) slices() []slice {
	source, dest := t.links()
	all := []slice{
		{"waiting for the source", t.Source * (1 - source)},
		{"the link from the source", t.Source * source},
		{"writing to the destination", t.Write * (1 - dest)},
		{"waiting for flushes", t.Flush * (1 - dest)},
		{"committing", t.Commit * (1 - dest)},
		{"the link to the destination", (t.Write + t.Flush + t.Commit) * dest},
		{"other work of the lanes", t.Other},
	}
	var steps []slice
	for what, secs := range t.Publish {
		steps = append(steps, slice{what, secs})
	}
	slices.SortFunc(steps, func(a, b slice) int { return cmp.Compare(a.What, b.What) })
	return slices.DeleteFunc(append(all, steps...), func(s slice) bool { return s.Secs < 0.0005 })
}
