package policies_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"pgregory.net/rapid"

	"github.com/rapidbyte/rbt/policy"
)

// text is any text that JSON can hold.
func text() *rapid.Generator[string] {
	odd := rapid.SampledFrom([]string{
		"", "orders", `"`, `\`, "a\x00b", "\u2028", "<&>", "größe", "注文", "😀", "\x7f", "\b\f\n\r\t", `{"name":"parallelism","round":1,`,
		strings.Repeat("long ", 20), "12345678", "1234567é",
	})
	return rapid.OneOf(odd, rapid.String().Filter(func(s string) bool { return len(s) < 100 }))
}

// whole is any whole number of 64 bits, more often one that is special.
func whole() *rapid.Generator[int64] {
	return rapid.OneOf(rapid.SampledFrom([]int64{0, 1, -1, 9, 12345678, 123456789, math.MaxInt64, math.MinInt64, 1 << 53, 1<<53 + 1, 999999999999999, 1000000000000000}), rapid.Int64())
}

// number is any finite number, more often one that is special.
func number() *rapid.Generator[float64] {
	finite := func(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
	return rapid.OneOf(
		rapid.SampledFrom([]float64{
			0, math.Copysign(0, -1), 1, -1, 0.1, 0.1 + 0.2, 1.0 / 3, 1e-300, 1e300, -1e300, 5e-324, math.MaxFloat64, 1 << 53, 1e21, 1e-7, 0.000001, 123456.789012,
		}),
		rapid.Float64().Filter(finite),
		rapid.Map(rapid.IntRange(0, 1e9), func(micros int) float64 { return float64(micros) / 1e6 }),
	)
}

func setting() *rapid.Generator[policy.Setting] {
	value := rapid.OneOf(
		rapid.Map(whole(), policy.IntValue),
		rapid.Map(text().Filter(func(s string) bool { return s != "" }), policy.EnumValue),
	)
	return rapid.Map(rapid.MapOfN(text(), value, 0, 5), func(m map[string]policy.Value) policy.Setting { return m })
}

func texts() *rapid.Generator[[]string] { return rapid.SliceOfN(text(), 0, 4) }

func facts() *rapid.Generator[policy.Facts] {
	return rapid.Custom(func(t *rapid.T) policy.Facts {
		return policy.Facts{
			Stream: text().Draw(t, "stream"), Rows: whole().Draw(t, "rows"), Bytes: whole().Draw(t, "bytes"),
			Notes: rapid.MapOfN(text(), text(), 0, 3).Draw(t, "notes"),
		}
	})
}

func knob() *rapid.Generator[policy.Knob] {
	return rapid.Custom(func(t *rapid.T) policy.Knob {
		return policy.Knob{
			Name: text().Draw(t, "name"), Owner: policy.Owner(text().Draw(t, "owner")),
			Kind: rapid.SampledFrom([]policy.Kind{policy.Int, policy.Bytes, policy.Enum}).Draw(t, "kind"),
			Min:  whole().Draw(t, "min"), Max: whole().Draw(t, "max"), Values: texts().Draw(t, "values"),
			Default: policy.IntValue(whole().Draw(t, "default")), Doc: text().Draw(t, "doc"),
		}
	})
}

func window() *rapid.Generator[policy.Window] {
	return rapid.Custom(func(t *rapid.T) policy.Window {
		n := func(name string) int64 { return whole().Draw(t, name) }
		x := func(name string) float64 { return number().Draw(t, name) }
		w := policy.Window{
			Seq: int(n("seq")), Candidate: int(n("candidate")), Start: x("start"), Seconds: x("seconds"), WarmUp: x("warmup"),
			Bytes: n("bytes"), Rows: n("rows"), MovedBytes: n("moved bytes"), MovedRows: n("moved rows"), Lanes: int(n("lanes")),
			SourceWait: x("source wait"), WriteWait: x("write wait"), FlushWait: x("flush wait"), Flushes: n("flushes"),
			CPU: x("cpu"), PeakMemory: n("memory"), WALBytes: n("wal"), Checkpoints: n("checkpoints"),
			RoundTrip: x("round trip"), SourceRoundTrip: x("source round trip"),
		}
		if rapid.Bool().Draw(t, "with the optional ones") {
			w.Retries, w.Masked, w.Missing = int(n("retries")), text().Draw(t, "masked"), texts().Draw(t, "missing")
			w.Errors = rapid.MapOfN(text(), rapid.Int(), 0, 3).Draw(t, "errors")
		}
		return w
	})
}

func evidence() *rapid.Generator[policy.Evidence] {
	return rapid.Custom(func(t *rapid.T) policy.Evidence {
		return policy.Evidence{
			ID: rapid.Int().Draw(t, "id"), Setting: setting().Draw(t, "setting"), Windows: rapid.SliceOfN(window(), 0, 5).Draw(t, "windows"),
			Masked: rapid.Int().Draw(t, "masked"), Invalid: text().Draw(t, "invalid"),
		}
	})
}

func config() *rapid.Generator[json.RawMessage] {
	return rapid.SampledFrom([]json.RawMessage{nil, json.RawMessage(`{}`), json.RawMessage(`{"a":[1,{"b":null}],"c":"\u00e9\"","d":-1.5e-7}`)})
}

func proposeRequest() *rapid.Generator[policy.ProposeRequest] {
	return rapid.Custom(func(t *rapid.T) policy.ProposeRequest {
		return policy.ProposeRequest{
			Facts: facts().Draw(t, "facts"), Knobs: rapid.SliceOfN(knob(), 0, 3).Draw(t, "knobs"), Pins: setting().Draw(t, "pins"),
			Baseline: setting().Draw(t, "baseline"), Leader: setting().Draw(t, "leader"), Round: rapid.Int().Draw(t, "round"),
			Evidence: rapid.SliceOfN(evidence(), 0, 4).Draw(t, "evidence"),
			Left:     policy.Left{Seconds: number().Draw(t, "left"), Rows: whole().Draw(t, "left rows")},
			State:    text().Draw(t, "state"), Config: config().Draw(t, "config"),
		}
	})
}

func scoreRequest() *rapid.Generator[policy.ScoreRequest] {
	return rapid.Custom(func(t *rapid.T) policy.ScoreRequest {
		return policy.ScoreRequest{
			Facts: facts().Draw(t, "facts"), Knobs: rapid.SliceOfN(knob(), 0, 3).Draw(t, "knobs"),
			Baseline: rapid.Int().Draw(t, "baseline"), Leader: rapid.Int().Draw(t, "leader"),
			Evidence: rapid.SliceOfN(evidence(), 0, 4).Draw(t, "evidence"), Config: config().Draw(t, "config"),
		}
	})
}

// marshal writes a request as rbt does.
func marshal(t rapid.TB, request any) []byte {
	b, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// ran is one window of a candidate: its rate, and what it takes of CPU time for
// a MB, in percent of what the baseline takes.
type ran struct {
	who       int
	rate, cpu float64
}

// played is a request after these windows, of a second each, in that order. The
// candidates have 1, 2, 3 … lanes.
func played(leader int, windows ...ran) policy.ScoreRequest {
	r := policy.ScoreRequest{Leader: leader}
	for i, w := range windows {
		for len(r.Evidence) <= w.who {
			id := len(r.Evidence)
			r.Evidence = append(r.Evidence, policy.Evidence{ID: id, Setting: policy.Setting{"parallelism": policy.IntValue(int64(id) + 1)}})
		}
		e := &r.Evidence[w.who]
		e.Windows = append(e.Windows, policy.Window{
			Seq: i + 1, Candidate: w.who, Seconds: 1, Lanes: w.who + 1, Bytes: int64(w.rate * 1e6), Rows: int64(w.rate * 1e3), CPU: w.cpu * w.rate / 10000,
		})
	}
	return r
}

// inTurn plays candidates one after the other, that many times around.
func inTurn(times int, candidates ...ran) []ran {
	var windows []ran
	for range times {
		for who, c := range candidates {
			if who == 0 {
				c.who = 0
				windows = append(windows, c)
				continue
			}
			c.who = who
			base := candidates[0]
			base.who = 0
			windows = append(windows, c, base)
		}
	}
	return windows
}

// decided are the scores as multiples of the leader's, and their errors as
// fractions of them.
func decided(t rapid.TB, m *module, r policy.ScoreRequest) (ratios, errors []float64) {
	t.Helper()
	r.Config = m.config
	scores, err := m.Score(context.Background(), r)
	if err != nil {
		t.Fatalf("%v\n%s", err, marshal(t, r))
	}
	unit := 0.0
	for i, s := range scores.Scores {
		if s.ID != r.Evidence[i].ID {
			t.Fatalf("score %d is of candidate %d, not %d", i, s.ID, r.Evidence[i].ID)
		}
		if s.ID == r.Leader {
			unit = s.Value
		}
	}
	for _, s := range scores.Scores {
		ratios = append(ratios, s.Value/unit)
		errors = append(errors, s.StdErr/s.Value)
	}
	return ratios, errors
}

// evidenceThatRan are candidates whose windows could be those of a run: they ran
// one after the other, with plausible numbers, and some with odd ones.
func evidenceThatRan() *rapid.Generator[policy.ScoreRequest] {
	return rapid.Custom(func(t *rapid.T) policy.ScoreRequest {
		n := rapid.IntRange(1, 8).Draw(t, "candidates")
		r := policy.ScoreRequest{Leader: rapid.IntRange(0, n-1).Draw(t, "leader")}
		for id := range n {
			r.Evidence = append(r.Evidence, policy.Evidence{ID: id, Setting: policy.Setting{
				"copy_format": policy.EnumValue(rapid.SampledFrom([]string{"binary", "binary", "text"}).Draw(t, "format")),
			}})
		}
		seq := 0
		for range rapid.IntRange(0, 40).Draw(t, "windows") {
			seq += rapid.SampledFrom([]int{1, 1, 1, 2, 6}).Draw(t, "apart")
			e := &r.Evidence[rapid.IntRange(0, n-1).Draw(t, "who")]
			e.Windows = append(e.Windows, oneThatRan(t, seq))
		}
		return r
	})
}

func oneThatRan(t *rapid.T, seq int) policy.Window {
	w := policy.Window{
		Seq: seq, Seconds: rapid.Float64Range(0.05, 3).Draw(t, "seconds"), Bytes: rapid.Int64Range(1e5, 1e9).Draw(t, "bytes"),
		Rows: rapid.Int64Range(0, 1e6).Draw(t, "rows"), Lanes: 4, CPU: rapid.Float64Range(0.01, 4).Draw(t, "cpu"),
	}
	switch rapid.IntRange(0, 15).Draw(t, "odd") {
	case 0:
		w.Bytes = 0
	case 1:
		w.Seconds = 0
	case 2:
		w.Bytes = -5
	case 3:
		w.CPU = 0
	case 4:
		w.CPU, w.Missing = 0, []string{"cpu_secs"}
	}
	return w
}

// near says that two numbers are the same but for how they were added up.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b), 1e-3) }

func percent(ratios []float64) string {
	var b strings.Builder
	for i, r := range ratios {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%.0f", 100*r)
	}
	return b.String()
}
