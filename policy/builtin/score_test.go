package builtin

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy"
)

// sequence makes evidence of windows that ran one after the other: who ran,
// and how fast. Candidate 0 is the baseline.
type sequence []struct {
	who  int
	rate float64
}

func (s sequence) request(leader int) policy.ScoreRequest {
	r := policy.ScoreRequest{Leader: leader}
	for i, w := range s {
		for len(r.Evidence) <= w.who {
			r.Evidence = append(r.Evidence, policy.Evidence{ID: len(r.Evidence), Setting: baseline()})
		}
		e := &r.Evidence[w.who]
		e.Windows = append(e.Windows, policy.Window{
			Seq: i + 1, Candidate: w.who, Seconds: 1, Lanes: 4,
			Bytes: int64(w.rate * 1e6), Rows: int64(w.rate * 1e3), CPU: 0.5, FlushWait: 0.2,
		})
	}
	return r
}

// ratios are the scores over the leader's, and their relative errors, in percent.
func ratios(r policy.ScoreRequest) (ratios, errors []float64) {
	scores := score(r).Scores
	unit := scores[slices.IndexFunc(scores, func(s policy.Score) bool { return s.ID == r.Leader })].Value
	for _, s := range scores {
		ratios = append(ratios, math.Round(100*s.Value/unit))
		errors = append(errors, math.Round(1000*s.StdErr/s.Value)/10)
	}
	return ratios, errors
}

func TestScore(t *testing.T) {
	for _, tc := range []struct {
		name   string
		ran    sequence
		leader int
		ratios []float64
		errors []float64
	}{
		{"one window with a neighbour", sequence{{0, 100}, {1, 120}}, 0, []float64{100, 120}, []float64{0, 10.6}},
		{"between two", sequence{{0, 100}, {1, 120}, {0, 100}}, 0, []float64{100, 120}, []float64{0, 9.2}},
		{"twice: what was seen agrees", sequence{{0, 100}, {1, 120}, {0, 100}, {1, 120}, {0, 100}}, 0, []float64{100, 120}, []float64{0, 5.8}},
		{"twice: it does not", sequence{{0, 100}, {1, 150}, {0, 100}, {1, 90}, {0, 100}}, 0, []float64{100, 116}, []float64{0, 14.3}},
		{"everything gets faster", sequence{{0, 100}, {1, 110}, {0, 121}, {1, 133.1}, {0, 146.41}}, 0, []float64{100, 100}, []float64{0, 5.8}},
		{"by the new leader", sequence{{0, 100}, {1, 200}, {0, 100}, {1, 200}, {0, 100}, {2, 50}, {0, 100}}, 1,
			[]float64{50, 100, 25}, []float64{4.7, 0, 8.8}},
		{"through the old one", sequence{{0, 100}, {1, 200}, {0, 100}, {1, 200}, {2, 300}, {1, 200}}, 2,
			[]float64{33, 67, 100}, []float64{8.3, 6.1, 0}},
		{"never side by side", sequence{{0, 100}, {0, 100}, {1, 300}}, 0, []float64{100, 300}, []float64{0, 10.6}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			gotRatios, gotErrors := ratios(tc.ran.request(tc.leader))
			if diff := cmp.Diff(tc.ratios, gotRatios); diff != "" {
				t.Errorf("ratios (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.errors, gotErrors); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

// TestScoreByRows shows that formats are compared by rows: text may move more
// bytes a second and yet fewer rows.
func TestScoreByRows(t *testing.T) {
	r := sequence{{0, 100}, {1, 150}, {0, 100}, {1, 150}, {0, 100}}.request(0)
	r.Evidence[1].Setting = baseline().With(policy.Setting{"copy_format": policy.EnumValue("text")})
	for i := range r.Evidence[1].Windows {
		r.Evidence[1].Windows[i].Rows /= 2 // twice the bytes for a row
	}
	if got, _ := ratios(r); got[1] != 75 {
		t.Errorf("text has %.0f %% of the rate of binary, want 75", got[1])
	}
}

// TestErrors measures how often the error that a score states is passed: for
// normal noise, the true ratio is within one of them in about 68 % of cases.
func TestErrors(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, noise := range []float64{0.04, 0.08, 0.16} {
		within := 0
		const tries = 2000
		for range tries {
			var s sequence
			for i := range 9 {
				s = append(s, struct {
					who  int
					rate float64
				}{i % 2, 100 * math.Exp(noise*random.NormFloat64())})
			}
			scores := score(s.request(0)).Scores
			if off := math.Abs(math.Log(scores[1].Value / scores[0].Value)); off < scores[1].StdErr/scores[1].Value {
				within++
			}
		}
		share := float64(within) / tries
		t.Logf("noise %.0f %%: %.0f %% within one error", 100*noise, 100*share)
		if share < 0.45 || share > 0.9 {
			t.Errorf("noise %.0f %%: %.0f %% within one error", 100*noise, 100*share)
		}
	}
}

func TestTies(t *testing.T) {
	r := sequence{{0, 100}, {1, 100}, {0, 100}}.request(0)
	r.Evidence[1].Windows[0].FlushWait = 1.2
	r.Evidence[1].Windows[0].CPU = 2
	scores := score(r).Scores
	want := [][]float64{{100e3, -0.05, 200e6}, {100e3, -0.3, 50e6}}
	for i, s := range scores {
		for j := range s.Ties {
			s.Ties[j] = math.Round(s.Ties[j]*1e6) / 1e6
		}
		if diff := cmp.Diff(want[i], s.Ties); diff != "" {
			t.Errorf("candidate %d (-want +got):\n%s", i, diff)
		}
	}
	r.Evidence[0].Windows[0].Missing = []string{"rows", "cpu_secs", "dest_flush_secs"}
	for _, s := range score(r).Scores {
		if diff := cmp.Diff([]float64{0, 0, 0}, s.Ties); diff != "" {
			t.Errorf("missing for one is left out for all (-want +got):\n%s", diff)
		}
	}
}

// TestScoreOfAnything shows that scores are scores whatever the windows hold.
func TestScoreOfAnything(t *testing.T) {
	odd := []policy.Window{
		{}, {Bytes: -1, Seconds: 1}, {Bytes: 1, Seconds: math.NaN()}, {Bytes: 1, Seconds: math.Inf(1)},
		{Bytes: math.MaxInt64, Seconds: math.SmallestNonzeroFloat64}, {Bytes: 1, Seconds: 1e300, CPU: math.NaN()},
		{Bytes: 1, Rows: 1, Seconds: 1, FlushWait: math.Inf(1)},
	}
	for i := range odd {
		r := sequence{{0, 100}, {1, 100}, {0, 100}}.request(0)
		odd[i].Seq = 2
		r.Evidence[1].Windows = odd[i : i+1]
		for _, s := range score(r).Scores {
			if !(s.Value > 0) || math.IsInf(s.Value, 0) || !(s.StdErr >= 0) || math.IsInf(s.StdErr, 0) {
				t.Errorf("window %+v: score %+v", odd[i], s)
			}
		}
	}
	if got := score(policy.ScoreRequest{}); len(got.Scores) != 0 {
		t.Errorf("no evidence: %v", got)
	}
}

func BenchmarkScore(b *testing.B) {
	var s sequence
	for i := range 60 {
		who := 0
		if i%2 == 1 {
			who = 1 + i/2%8
		}
		s = append(s, struct {
			who  int
			rate float64
		}{who, 100 + float64(i%7)})
	}
	r := s.request(0)
	for b.Loop() {
		score(r)
	}
}
