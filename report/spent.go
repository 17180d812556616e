package report

import (
	"math"
	"slices"
	"strings"

	"github.com/rapidbyte/rbt/policy/trace"
)

// Spent says where the time of a stream's lanes went, in lane-seconds.
type Spent struct {
	Source, Write, Flush, Commit, Other float64
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

// links are the shares of what lanes waited for the source, and for the destination,
// that they waited for the link at least.
func links(seen trace.Loaded) (source, dest float64) {
	return atOnce(seen.Looks, seen.SourceWaited, seen.SourceIdle), atOnce(seen.Looks, seen.DestWaited, seen.DestIdle)
}

// atOnce is in which share of its waits a lane waited while the server did nothing,
// at least. The two are not seen at one moment; but if a lane waits in a share w of
// its time and the server is idle in a share i, both are true in w + i - 1 of it at
// least. Two standard errors are taken off, of shares that are estimated by the rule
// of succession: a few looks say nothing.
func atOnce(looks, waited, idle int64) float64 {
	n := float64(looks) + 2
	w, i := float64(waited+1)/n, float64(idle+1)/n
	doubt := 2 * math.Sqrt((w*(1-w)+i*(1-i))/n)
	return max(w+i-1-doubt, 0) / w
}

// slice is a share of the time of a stream's lanes, which work side by side, or of
// its publication.
type slice struct {
	Of   string  `json:"of"`
	What string  `json:"what"`
	Secs float64 `json:"secs"`
}

// slices are where the stream's time went, those of no time left out.
func (s *Stream) slices() []slice {
	return slices.DeleteFunc(append(s.Time.slices(s.seen), published(s.Steps)...), func(s slice) bool { return s.Secs < 0.0005 })
}

// slices are where the time of lanes went, which were seen to do this.
func (t Spent) slices(seen trace.Loaded) []slice {
	source, dest := links(seen)
	return []slice{
		{"lanes", "waiting for the source", t.Source * (1 - source)},
		{"lanes", "the link from the source", t.Source * source},
		{"lanes", "writing to the destination", t.Write * (1 - dest)},
		{"lanes", "waiting for flushes", t.Flush * (1 - dest)},
		{"lanes", "committing", t.Commit * (1 - dest)},
		{"lanes", "the link to the destination", (t.Write + t.Flush + t.Commit) * dest},
		{"lanes", "other work of the lanes", t.Other},
	}
}

// published sums the time of steps by what they are about: steps that go on side by
// side are about the same.
func published(steps []Step) []slice {
	var list []slice
	for _, s := range steps {
		kind := kindOfStep(s.What)
		i := slices.IndexFunc(list, func(have slice) bool { return have.What == kind })
		if i < 0 {
			i = len(list)
			list = append(list, slice{Of: "publishing", What: kind})
		}
		list[i].Secs += s.To - s.From
	}
	return list
}

// kindOfStep is what a step is about, without names.
func kindOfStep(what string) string {
	switch first, _, _ := strings.Cut(what, " "); first {
	case "build":
		return "indexes and constraints"
	case "analyze", "verify", "check":
		return first
	}
	return "making rows visible"
}
