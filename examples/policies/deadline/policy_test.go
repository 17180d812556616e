package main

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
)

// within is the policy with a deadline and no margin.
func within(d time.Duration) *Policy {
	p := New()
	p.FinishWithin.Duration, p.Margin = d, 0
	return p
}

// ran is a setting, and how many rows a second each of its windows had.
type ran struct {
	lanes int64
	rates []float64
}

func with(lanes int64) policy.Setting { return policy.Setting{parallelism: policy.IntValue(lanes)} }

// evidence has windows of a second, of all candidates in turn. Only the first
// of them moves rows that count: so many are gone as a test says.
func evidence(gone int64, all ...ran) []policy.Evidence {
	var out []policy.Evidence
	for i, c := range all {
		out = append(out, policy.Evidence{ID: i, Setting: with(c.lanes)})
	}
	seq := 0
	for turn := range 10 {
		for i, c := range all {
			if turn < len(c.rates) {
				seq++
				rate := int64(c.rates[turn])
				out[i].Windows = append(out[i].Windows, policy.Window{
					Seq: seq, Candidate: i, Start: float64(seq), Seconds: 1, Lanes: int(c.lanes),
					Rows: rate, Bytes: 100 * rate, MovedRows: gone, MovedBytes: 100 * gone,
				})
				gone = 0
			}
		}
	}
	return out
}

// size is a stream of a million rows.
var size = policy.Facts{Stream: "orders", Rows: 1_000_000, Bytes: 100_000_000}

func knobs() []policy.Knob {
	return []policy.Knob{{Name: parallelism, Owner: policy.Runtime, Kind: policy.Int, Min: 1, Max: 16}}
}

func TestPropose(t *testing.T) {
	eight := ran{8, []float64{10_000, 10_000}} // 100 s for all rows
	for _, tc := range []struct {
		name    string
		within  time.Duration
		facts   policy.Facts
		knobs   []policy.Knob
		tried   []ran // the baseline first
		leader  int64
		want    string
		because string
	}{
		{"twice as fast as it takes", 200 * time.Second, size, knobs(), []ran{eight}, 8,
			"5 3", "8 lanes are 2.0 times as fast as it takes"}, // in what is left of 200 s
		{"just fast enough", 110 * time.Second, size, knobs(), []ran{eight}, 8, "7 4", "8 lanes are 1.1 times as fast as it takes"},
		{"too slow: as the built-in policy", 50 * time.Second, size, knobs(), []ran{eight}, 8, "12", "parallelism 12 beside 8"},
		{"too late: as the built-in policy", time.Second, size, knobs(), []ran{eight}, 8, "12", "parallelism 12 beside 8"},
		{"nothing below what was too slow", 200 * time.Second, size, knobs(), []ran{eight, {3, []float64{2000}}}, 8,
			"5 4", "8 lanes are 2.0 times as fast as it takes"},
		{"between what was too slow and the best", 200 * time.Second, size, knobs(),
			[]ran{eight, {2, []float64{2000}}, {5, []float64{7000}}}, 5, "4 3", "5 lanes are 1.4 times as fast as it takes"},
		{"the fewest are found", 200 * time.Second, size, knobs(), []ran{eight, {4, []float64{4000}}, {5, []float64{7000}}}, 5,
			"", "5 lanes are 1.4 times as fast as it takes"},
		{"one lane is one too many for nobody", time.Hour, size, knobs(), []ran{eight, {1, []float64{2000, 2000}}}, 1,
			"", "1 lanes are 7.2 times as fast as it takes"},
		{"lanes are pinned", 200 * time.Second, size, nil, []ran{eight}, 8, "", "it finishes in time, and its lanes are pinned"},
		{"without an estimate of rows", 200 * time.Second, policy.Facts{Rows: -1, Bytes: size.Bytes}, knobs(), []ran{eight}, 8,
			"5 3", "8 lanes are 2.0 times as fast as it takes"},
		{"without any: as the built-in policy", 200 * time.Second, policy.Facts{Rows: -1, Bytes: -1}, knobs(), []ran{eight}, 8,
			"12", "parallelism 12 beside 8"},
		{"an estimate that is far too low", 110 * time.Second, policy.Facts{Rows: 10}, knobs(), []ran{eight}, 8,
			"1", "8 lanes are 1070.0 times as fast as it takes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := within(tc.within).Propose(policy.ProposeRequest{
				Facts: tc.facts, Knobs: tc.knobs, Baseline: with(8), Leader: with(tc.leader), Evidence: evidence(1000, tc.tried...),
			})
			var lanes []string
			for _, c := range got.Candidates {
				lanes = append(lanes, fmt.Sprint(c[parallelism].Int))
			}
			if diff := cmp.Diff([]string{tc.want, tc.because}, []string{strings.Join(lanes, " "), got.Note}); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestScore(t *testing.T) {
	two := func(rate float64) []float64 { return []float64{rate, rate} }
	for _, tc := range []struct {
		name   string
		within time.Duration
		tried  []ran
		want   []float64
	}{
		{"all too slow: the fastest", 50 * time.Second, []ran{{8, two(10_000)}, {4, two(5000)}, {16, two(15_000)}}, []float64{0.43, 0.22, 0.65}},
		{"all fast enough: the fewest lanes", time.Hour, []ran{{8, two(10_000)}, {4, two(5000)}, {16, two(15_000)}}, []float64{1.41, 2, 1}},
		{"fewer are too slow", 150 * time.Second, []ran{{8, two(10_000)}, {4, two(5000)}}, []float64{1, 0.73}},
		{"fewer may be too slow", 204 * time.Second, []ran{{8, two(10_000)}, {4, two(5000)}}, []float64{1, 1.2}},
		{"fewer are very likely to do", 229 * time.Second, []ran{{8, two(10_000)}, {4, two(5000)}}, []float64{1, 1.38}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := within(tc.within).Score(policy.ScoreRequest{Facts: size, Evidence: evidence(1000, tc.tried...)})
			var values []float64
			for _, s := range got.Scores {
				values = append(values, math.Round(100*s.Value)/100)
			}
			if diff := cmp.Diff(tc.want, values); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// TestMargin shows that with a margin of 1 the same stream is too slow.
func TestMargin(t *testing.T) {
	p := within(200 * time.Second)
	p.Margin = 1
	r := policy.ProposeRequest{Facts: size, Knobs: knobs(), Baseline: with(8), Leader: with(8), Evidence: evidence(1000, ran{8, []float64{10_000, 10_000}})}
	got, err := p.Propose(r)
	if want := "parallelism 12 beside 8"; got.Note != want || err != nil {
		t.Errorf("%q and %v, want %q", got.Note, err, want)
	}
}

// TestScoreOfNoSize shows that where nobody knows how much there is to copy, the
// built-in policy decides.
func TestScoreOfNoSize(t *testing.T) {
	r := policy.ScoreRequest{Facts: policy.Facts{Rows: -1, Bytes: -1}, Evidence: evidence(1000, ran{8, []float64{100}}, ran{4, []float64{90}})}
	want, _ := builtin.New().Score(t.Context(), r)
	got, err := within(time.Minute).Score(r)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		within time.Duration
		margin float64
		want   string
	}{
		{time.Minute, 0.1, ""},
		{0, 0.1, `finish_within must say how long a stream may take, such as "20m"`},
		{-time.Minute, 0.1, `finish_within must say how long a stream may take, such as "20m"`},
		{time.Minute, -0.1, "margin must be from 0 to 10, not -0.1"},
	} {
		p := within(tc.within)
		p.Margin = tc.margin
		got := ""
		if err := p.Check(); err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("%s and %g: %q, want %q", tc.within, tc.margin, got, tc.want)
		}
	}
}
