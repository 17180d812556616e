package report

import (
	"cmp"
	"slices"

	"github.com/rapidbyte/rbt/policy/trace"
)

// Spent says where the time of a stream's lanes went, in lane-seconds, and that
// of publishing in seconds.
type Spent struct {
	Source, Write, Flush, Commit, Other float64
	Publish                             map[string]float64 // by what was done
}

// SpentOn divides the time of a part's lane, so that the shares add up to it. A
// lane reads and writes at once: where it waited for both sides, the time is
// divided as the waits are.
func SpentOn(p trace.Part) Spent {
	t := Spent{Source: max(p.SourceWait, 0), Write: max(p.WriteWait, 0), Flush: max(p.FlushWait, 0), Commit: min(max(p.Commit, 0), max(p.Seconds, 0))}
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
}

// slice is a share of the time of a stream's lanes, or of its publication.
type slice struct {
	What string
	Secs float64
}

// slices are where time went, those of no time left out.
func (t Spent) slices() []slice {
	all := []slice{{"waiting for the source", t.Source}, {"writing to the destination", t.Write}, {"waiting for flushes", t.Flush},
		{"committing", t.Commit}, {"other work of the lanes", t.Other}}
	var steps []slice
	for what, secs := range t.Publish {
		steps = append(steps, slice{what, secs})
	}
	slices.SortFunc(steps, func(a, b slice) int { return cmp.Compare(a.What, b.What) })
	return slices.DeleteFunc(append(all, steps...), func(s slice) bool { return s.Secs < 0.0005 })
}
