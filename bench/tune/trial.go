package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rapidbyte/rbt/internal/measure"
)

// trial is what a race showed.
type trial struct {
	Title       string       `json:"title"`
	Link        string       `json:"link"`
	Table       string       `json:"table"`
	Rows        int64        `json:"rows"`
	Bytes       int64        `json:"copy_bytes"`
	Rounds      int          `json:"rounds"`
	Arms        []figures    `json:"arms"`
	Comparisons []comparison `json:"comparisons,omitempty"`
}

// figures are those of one arm.
type figures struct {
	Arm  string           `json:"arm"`
	Load measure.Spread   `json:"load_seconds"`
	Sure measure.Interval `json:"load_median_95"`
	Wall measure.Spread   `json:"wall_seconds"`
	// Loads are those of the rounds, in their order.
	Loads           []float64 `json:"load_seconds_of_rounds"`
	MBPerSecond     float64   `json:"mb_per_second"` // powers of ten, while loading
	CPUSecondsPerGB float64   `json:"cpu_seconds_per_gb"`
	Search          *search   `json:"search,omitempty"`
	tuned           bool
}

// search is what the searches of a tuned arm came to. The figures are of the runs that searched.
type search struct {
	Seconds measure.Spread `json:"probe_seconds"`
	Lost    measure.Spread `json:"lost_seconds"`
	// Cost is the part of the loading that was lost.
	Cost     measure.Spread `json:"lost_fraction"`
	Outcomes []outcome      `json:"outcomes"` // the most frequent first
}

// outcome is what some of the searches came to.
type outcome struct {
	Setting *setting `json:"setting,omitempty"` // nil where none was searched
	Reason  string   `json:"reason"`
	Runs    int      `json:"runs"`
}

// comparison sets the loading times of an arm beside those of another, as a ratio.
type comparison struct {
	Kind    kind             `json:"kind"`
	Arm     string           `json:"arm"`
	Against string           `json:"against"`
	Medians measure.Interval `json:"ratio_of_medians"`
	Rounds  measure.Interval `json:"mean_ratio_of_rounds"`
}

// kind is how a comparison is meant.
type kind string

const (
	regret   kind = "regret"   // how much longer than the best setting it takes
	overhead kind = "overhead" // how much longer than without tuning
	gain     kind = "gain"     // how many times as fast as without tuning
)

// trial works out what came of the race.
func (r race) trial(results []result) trial {
	t := trial{
		Title: r.title, Link: r.road.String(),
		Table: r.sample.table, Rows: r.sample.rows, Bytes: r.sample.bytes,
	}
	for _, res := range results {
		t.Rounds = len(res.runs)
		if t.Rounds > 0 {
			t.Arms = append(t.Arms, res.figures(r.sample.bytes))
		}
	}
	return t
}

func (r result) figures(bytes int64) figures {
	loads := measure.Each(r.runs, loadSeconds)
	f := figures{
		Arm:   r.arm.name,
		Loads: loads,
		Load:  measure.SpreadOf(loads),
		Sure:  measure.MedianInterval(loads),
		Wall:  measure.SpreadOf(measure.Each(r.runs, wallSeconds)),
		tuned: r.arm.tune,
	}
	f.MBPerSecond = float64(bytes) / 1e6 / f.Load.Median
	f.CPUSecondsPerGB = measure.Median(measure.Each(r.runs, cpuSeconds)) / (float64(bytes) / 1e9)
	f.Search = r.search()
	return f
}

// search is nil for an arm that does not tune.
func (r result) search() *search {
	if !r.arm.tune {
		return nil
	}
	s := &search{}
	var seconds, lost, cost []float64
	for _, run := range r.runs {
		if d := run.decision; d != nil {
			seconds = append(seconds, d.ProbeSeconds)
			lost = append(lost, d.LostSeconds)
			cost = append(cost, d.LostSeconds/run.load.Seconds())
		}
		s.count(run.account)
	}
	s.Seconds, s.Lost, s.Cost = measure.SpreadOf(seconds), measure.SpreadOf(lost), measure.SpreadOf(cost)
	slices.SortStableFunc(s.Outcomes, func(a, b outcome) int { return cmp.Compare(b.Runs, a.Runs) })
	return s
}

// count counts the outcome of a run.
func (s *search) count(a account) {
	o := outcome{Reason: "no search"}
	if a.skip != nil {
		o.Reason = a.skip.Reason
	}
	if a.decision != nil {
		winner := chosen(a.decision.Winner)
		o = outcome{Setting: &winner, Reason: a.decision.Reason}
	}
	i := slices.IndexFunc(s.Outcomes, func(known outcome) bool { return known.String() == o.String() })
	if i < 0 {
		i = len(s.Outcomes)
		s.Outcomes = append(s.Outcomes, o)
	}
	s.Outcomes[i].Runs++
}

func (o outcome) String() string {
	if o.Setting == nil {
		return "not tuned (" + o.Reason + ")"
	}
	return fmt.Sprintf("%s (%s)", *o.Setting, o.Reason)
}

// sort puts the fastest arms first.
func (t *trial) sort() {
	slices.SortStableFunc(t.Arms, func(a, b figures) int { return cmp.Compare(a.Load.Median, b.Load.Median) })
}

// best is the fastest arm that does not tune; empty if none ran.
func (t *trial) best() string {
	var best figures
	for _, f := range t.Arms {
		if !f.tuned && (best.Arm == "" || f.Load.Median < best.Load.Median) {
			best = f
		}
	}
	return best.Arm
}

// compare compares two arms, if they ran.
func (t *trial) compare(k kind, arm, against string) {
	find := func(name string) int {
		return slices.IndexFunc(t.Arms, func(f figures) bool { return f.Arm == name })
	}
	a, b := find(arm), find(against)
	if a < 0 || b < 0 {
		return
	}
	x, y := t.Arms[a].Loads, t.Arms[b].Loads
	t.Comparisons = append(t.Comparisons, comparison{k, arm, against, measure.RatioOfMedians(x, y), measure.MeanRatio(x, y)})
}
