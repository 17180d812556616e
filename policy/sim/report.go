package sim

import (
	"cmp"
	"slices"
)

// Report says how tuners did, over all trials of one length.
type Report struct {
	Tuner   string  `json:"tuner"`
	Seconds float64 `json:"stream_secs"`
	Trials  int     `json:"trials"`
	// Regret and RegretOfAll are Trial's, Cost is the probe phase's share of the
	// stream's time.
	Regret      Spread `json:"regret"`
	RegretOfAll Spread `json:"regret_of_all"`
	Cost        Spread `json:"probe_cost"`
	// Below is the share of trials that ended more than 1 % below the baseline,
	// Stable the share that ended with their environment's most frequent choice.
	Below  float64 `json:"below_baseline"`
	Stable float64 `json:"stable"`
	// FalseLeads is the share of trials that left the baseline where every
	// setting is as fast.
	FalseLeads float64 `json:"false_leads"`

	left float64 // share of trials that left the baseline
}

// Spread sums up many numbers.
type Spread struct {
	Mean   float64 `json:"mean"`
	Median float64 `json:"median"`
	P95    float64 `json:"p95"`
}

// Reports sums up trials by tuner and length, in the order in which they come.
func Reports(trials []Trial) []Report {
	type group struct {
		tuner  string
		length float64
	}
	groups := map[group][]Trial{}
	var order []group
	for _, t := range trials {
		g := group{t.Tuner, t.Length}
		if groups[g] == nil {
			order = append(order, g)
		}
		groups[g] = append(groups[g], t)
	}
	slices.SortStableFunc(order, func(a, b group) int { return cmp.Compare(a.length, b.length) })
	var reports []Report
	for _, g := range order {
		reports = append(reports, report(groups[g]))
	}
	return reports
}

func report(trials []Trial) Report {
	return Report{
		Tuner: trials[0].Tuner, Seconds: trials[0].Length, Trials: len(trials),
		Regret: spread(trials, Trial.Regret), RegretOfAll: spread(trials, Trial.RegretOfAll), Cost: spread(trials, Trial.Cost),
		Below: share(trials, Trial.Below), Stable: stable(trials),
		left: share(trials, Trial.Left),
	}
}

func spread(trials []Trial, of func(Trial) float64) Spread {
	var xs []float64
	sum := 0.0
	for _, t := range trials {
		x := of(t)
		xs = append(xs, x)
		sum += x
	}
	slices.Sort(xs)
	return Spread{Mean: sum / float64(len(xs)), Median: quantile(xs, 0.5), P95: quantile(xs, 0.95)}
}

// quantile is the number below which a share of the sorted numbers lies.
func quantile(sorted []float64, share float64) float64 {
	at := share * float64(len(sorted)-1)
	i := int(at)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

func share(trials []Trial, is func(Trial) bool) float64 {
	n := 0
	for _, t := range trials {
		if is(t) {
			n++
		}
	}
	return float64(n) / float64(len(trials))
}

// stable is the share of trials that ended with what most trials of the same
// environment ended with.
func stable(trials []Trial) float64 {
	choices := map[string]map[cell]int{}
	for _, t := range trials {
		if choices[t.Environment] == nil {
			choices[t.Environment] = map[cell]int{}
		}
		choices[t.Environment][cellOf(t.Decision.Winner)]++
	}
	modal := 0
	for _, counts := range choices {
		most := 0
		for _, n := range counts {
			most = max(most, n)
		}
		modal += most
	}
	return float64(modal) / float64(len(trials))
}
