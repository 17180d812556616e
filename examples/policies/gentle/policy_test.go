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

// ran is a setting, its rate in MB/s, and how many milliseconds the source took
// to answer in each of its windows; 0 where that was not heard.
type ran struct {
	lanes  int64
	rate   float64
	millis []float64
}

func with(lanes int64) policy.Setting { return policy.Setting{parallelism: policy.IntValue(lanes)} }

// evidence has windows of a second, of all candidates in turn.
func evidence(all ...ran) []policy.Evidence {
	var out []policy.Evidence
	for i, c := range all {
		out = append(out, policy.Evidence{ID: i, Setting: with(c.lanes)})
	}
	seq := 0
	for turn := range 10 {
		for i, c := range all {
			if turn < len(c.millis) {
				seq++
				w := policy.Window{Seq: seq, Candidate: i, Seconds: 1, Lanes: int(c.lanes), Bytes: int64(c.rate * 1e6), SourceRoundTrip: c.millis[turn] / 1000}
				if c.millis[turn] == 0 {
					w.Missing = []string{"source_round_trip_secs"}
				}
				out[i].Windows = append(out[i].Windows, w)
			}
		}
	}
	return out
}

func ms(millis ...float64) []float64 { return millis }

// idle says that the source took so long to answer before the stream began.
func idle(seconds string) policy.Facts {
	return policy.Facts{Stream: "orders", Notes: map[string]string{"source.round_trip_secs": seconds}}
}

func knobs() []policy.Knob {
	return []policy.Knob{
		{Name: parallelism, Owner: policy.Runtime, Kind: policy.Int, Min: 1, Max: 16},
		{Name: "copy_flush_bytes", Kind: policy.Bytes, Min: 1 << 20, Max: 32 << 20},
	}
}

func TestPropose(t *testing.T) {
	for _, tc := range []struct {
		name   string
		facts  policy.Facts
		tried  []ran // the baseline first
		leader int64
		want   string
	}{
		{"fewer and more, while the source is quick", idle("0.0005"), []ran{{8, 100, ms(1)}}, 8, "4 12"},
		{"fewer, where it is slow", idle("0.0005"), []ran{{8, 100, ms(4)}}, 8, "4"},
		{"fewer first, where nobody knows what is slow", policy.Facts{}, []ran{{8, 100, ms(4)}}, 8, "4"},
		{"then more, if it is quick", policy.Facts{}, []ran{{8, 100, ms(4)}, {4, 60, ms(3)}}, 8, "12"},
		{"then none, if it is slow", policy.Facts{}, []ran{{8, 100, ms(4)}, {4, 30, ms(1)}}, 8, ""},
		{"fewer again, where that is the best", policy.Facts{}, []ran{{8, 100, ms(4)}, {4, 60, ms(1)}}, 4, "2"},
		{"then half way up to what was slow", policy.Facts{}, []ran{{8, 100, ms(4)}, {4, 60, ms(1)}, {2, 20, ms(1)}}, 4, "6"},
		{"and on", policy.Facts{}, []ran{{8, 100, ms(4)}, {4, 60, ms(1)}, {6, 80, ms(1)}}, 6, "7"},
		{"until there is nothing between", policy.Facts{}, []ran{{8, 100, ms(4)}, {4, 60, ms(1)}, {6, 80, ms(1)}, {7, 90, ms(1)}}, 7, ""},
		{"fewer still, while all that was tried is slow", idle("0.0005"), []ran{{8, 100, ms(9)}, {4, 90, ms(8)}}, 8, "2"},
		{"down to one", idle("0.0005"), []ran{{2, 100, ms(9)}, {1, 90, ms(8)}}, 2, ""},
		{"no more than there may be", idle("0.0005"), []ran{{12, 100, ms(1)}, {6, 50, ms(1)}}, 12, "16"},
		{"far away, more is noise", idle("0.1"), []ran{{8, 100, ms(109)}}, 8, "4 12"},
		{"none, if the source is not heard", idle("0.0005"), []ran{{8, 100, ms(0)}}, 8, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := policy.ProposeRequest{Facts: tc.facts, Knobs: knobs()[:1], Baseline: with(tc.tried[0].lanes), Leader: with(tc.leader), Evidence: evidence(tc.tried...)}
			got, err := New().Propose(r)
			var lanes []string
			for _, c := range got.Candidates {
				lanes = append(lanes, fmt.Sprint(c[parallelism].Int))
			}
			if diff := cmp.Diff(tc.want, strings.Join(lanes, " ")); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// TestOtherKnobs shows that they are turned as by the built-in policy, once the
// lanes are found.
func TestOtherKnobs(t *testing.T) {
	both := policy.Setting{parallelism: policy.IntValue(8), "copy_flush_bytes": policy.IntValue(8 << 20)}
	r := policy.ProposeRequest{Facts: idle("0.0005"), Knobs: knobs(), Baseline: both, Leader: both}
	r.Evidence = evidence(ran{8, 100, ms(1)}, ran{4, 60, ms(1)}, ran{12, 100, ms(1)})
	for i := range r.Evidence {
		r.Evidence[i].Setting = both.With(r.Evidence[i].Setting)
		r.Evidence[i].Windows[0].FlushWait = 2
		r.Evidence[i].Windows[0].Flushes = 100
	}
	got, err := New().Propose(r)
	if want := "copy_flush_bytes 16MiB beside 8MiB"; got.Note != want || err != nil {
		t.Errorf("%q and %v, want %q", got.Note, err, want)
	}
}

func TestScore(t *testing.T) {
	for _, tc := range []struct {
		name   string
		policy *Policy
		tried  []ran
		leader int
		want   []float64 // as shares of the leader's
	}{
		{"a quick source: by rate", New(), []ran{{8, 100, ms(1, 1)}, {12, 150, ms(2, 2)}}, 0, []float64{1, 1.5}},
		{"a slow one: half as much, twice as slow", New(), []ran{{8, 100, ms(1, 1)}, {12, 150, ms(4.5, 4.5)}}, 0, []float64{1, 0.75}},
		{"a slow leader", New(), []ran{{8, 100, ms(8.5, 8.5)}, {4, 60, ms(1, 1)}}, 0, []float64{1, 2.4}},
		{"twice the strength", &Policy{Allow: New().Allow, Strength: 2}, []ran{{8, 100, ms(1, 1)}, {12, 150, ms(4.5, 4.5)}}, 0, []float64{1, 0.38}},
		{"unheard: no better than the leader", New(), []ran{{8, 100, ms(1, 1)}, {12, 300, ms(0)}, {4, 50, ms(0)}}, 0, []float64{1, 1, 0.5}},
		{"the leader unheard: by rate", New(), []ran{{8, 100, ms(0)}, {12, 150, ms(9)}}, 0, []float64{1, 1.5}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := tc.policy.Score(policy.ScoreRequest{Facts: idle("0.0005"), Leader: tc.leader, Evidence: evidence(tc.tried...)})
			var shares []float64
			for _, s := range got.Scores {
				shares = append(shares, math.Round(100*s.Value/got.Scores[tc.leader].Value)/100)
			}
			if diff := cmp.Diff(tc.want, shares); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// TestDoubt shows what standard errors are made of: the built-in policy's alone
// where the source is quick, and more where its answers decide.
func TestDoubt(t *testing.T) {
	for _, tc := range []struct {
		name   string
		tried  []ran
		atMost float64 // times the built-in policy's
		more   float64
	}{
		{"a quick source", []ran{{8, 100, ms(0.6, 0.6)}, {12, 150, ms(0.7, 0.7)}}, 1, 1},
		{"a slow one", []ran{{8, 100, ms(0.6, 0.6)}, {12, 150, ms(9, 9)}}, 3, 1.2},
		{"an erratic one", []ran{{8, 100, ms(0.6, 0.6)}, {12, 150, ms(3, 15)}}, 10, 3},
	} {
		r := policy.ScoreRequest{Facts: idle("0.0005"), Evidence: evidence(tc.tried...)}
		base, _ := builtin.New().Score(t.Context(), r)
		got, err := New().Score(r)
		if err != nil {
			t.Fatal(err)
		}
		times := got.Scores[1].StdErr / got.Scores[1].Value / (base.Scores[1].StdErr / base.Scores[1].Value)
		if times = math.Round(1e6*times) / 1e6; times > tc.atMost || times < tc.more {
			t.Errorf("%s: the error is %.2f times the built-in policy's", tc.name, times)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		allow    time.Duration
		strength float64
		want     string
	}{
		{time.Millisecond, 1, ""},
		{0, 1, `allow must be above 0, such as "2ms"`},
		{time.Millisecond, 0, "strength must be above 0 and at most 10, not 0"},
		{time.Millisecond, 11, "strength must be above 0 and at most 10, not 11"},
	} {
		p := New()
		p.Allow.Duration, p.Strength = tc.allow, tc.strength
		got := ""
		if err := p.Check(); err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("%s and %g: %q, want %q", tc.allow, tc.strength, got, tc.want)
		}
	}
}
