package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/internal/pgtest"
	"github.com/rapidbyte/rbt/internal/tunetest"
	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/runtime"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// scripted is a policy made of two functions.
type scripted struct {
	propose func(policy.ProposeRequest) (policy.Proposal, error)
	score   func(policy.ScoreRequest) (policy.Scores, error)
}

func (scripted) Info() policy.Info { return policy.Info{Name: "scripted"} }

func (s scripted) Propose(_ context.Context, r policy.ProposeRequest) (policy.Proposal, error) {
	return s.propose(r)
}

func (s scripted) Score(_ context.Context, r policy.ScoreRequest) (policy.Scores, error) {
	return s.score(r)
}

// values scores the candidates with f.
func values(f func(policy.Evidence) float64) func(policy.ScoreRequest) (policy.Scores, error) {
	return func(r policy.ScoreRequest) (policy.Scores, error) {
		var out policy.Scores
		for _, e := range r.Evidence {
			out.Scores = append(out.Scores, policy.Score{ID: e.ID, Value: f(e), StdErr: 0.001})
		}
		return out, nil
	}
}

func same(policy.Evidence) float64 { return 1 }

// anything proposes the candidates in every round.
func anything(rounds int, candidates ...policy.Setting) func(policy.ProposeRequest) (policy.Proposal, error) {
	return func(r policy.ProposeRequest) (policy.Proposal, error) {
		if r.Round > rounds {
			return policy.Proposal{}, nil
		}
		return policy.Proposal{Candidates: candidates}, nil
	}
}

// switcher turns every knob in every window.
func switcher(seed uint64) policy.Policy {
	rnd := rand.New(rand.NewPCG(seed, 1))
	return scripted{
		propose: func(r policy.ProposeRequest) (policy.Proposal, error) {
			var p policy.Proposal
			for range 6 {
				p.Candidates = append(p.Candidates, policy.Setting{
					"parallelism":      policy.IntValue(1 + rnd.Int64N(6)),
					"partition_mode":   policy.EnumValue([]string{"ctid", "range", "mod"}[rnd.IntN(3)]),
					"copy_format":      policy.EnumValue([]string{"binary", "text"}[rnd.IntN(2)]),
					"copy_flush_bytes": policy.IntValue(1 + rnd.Int64N(128<<10)),
				})
			}
			return p, nil
		},
		score: values(func(policy.Evidence) float64 { return 1 + rnd.Float64() }),
	}
}

// manyOrders are enough for a probe phase, also on a machine that is busy.
const manyOrders = `
	CREATE TABLE orders (id int8 PRIMARY KEY, customer int, total numeric, at timestamptz, note text);
	INSERT INTO orders SELECT i, i % 1000, i / 3.0, '2026-01-01'::timestamptz + i * interval '1 second', repeat('x', i % 150)
		FROM generate_series(1, 200000) i;
	ANALYZE orders;`

// shapes are tables with every kind of key, of some 20 MB each.
const shapes = manyOrders + `
	CREATE TABLE holes (k int8, v text); -- NULL keys, negative ones, duplicates, and the ends of the type
	INSERT INTO holes SELECT CASE WHEN i % 11 = 0 THEN NULL WHEN i % 7 = 0 THEN -i WHEN i % 3 = 0 THEN 5 ELSE i * 1000000::int8 END,
		repeat('h', 150) FROM generate_series(1, 120000) i;
	INSERT INTO holes VALUES (-9223372036854775808, 'min'), (9223372036854775807, 'max');
	DELETE FROM holes WHERE k % 13 = 0;
	CREATE TABLE named (name uuid PRIMARY KEY, v float8, w text);
	INSERT INTO named SELECT md5(i::text)::uuid, i, repeat('w', i % 300) FROM generate_series(1, 100000) i;
	CREATE TABLE keyless (a numeric, b timestamptz);
	INSERT INTO keyless SELECT i / 7.0, '2026-01-01'::timestamptz + i * interval '1 second' FROM generate_series(1, 20000) i;
	ANALYZE holes; ANALYZE named; ANALYZE keyless;`

// TestTunedEqualsUntuned holds that no way of tuning changes what arrives.
func TestTunedEqualsUntuned(t *testing.T) {
	t.Parallel()
	src := pgtest.New(t)
	src.Exec(t, shapes)
	tables := []string{"orders", "holes", "named", "keyless"}
	pins := func(mode, format string, lanes int64) func(runtime.Config) runtime.Config {
		return func(cfg runtime.Config) runtime.Config {
			cfg.Pins = policy.Setting{
				"partition_mode": policy.EnumValue(mode), "copy_format": policy.EnumValue(format),
				"parallelism": policy.IntValue(lanes), "copy_flush_bytes": policy.IntValue(1 << 20),
			}
			return cfg
		}
	}
	ways := map[string]func(runtime.Config) runtime.Config{
		"untuned":     func(cfg runtime.Config) runtime.Config { return cfg },
		"pins, mod":   pins("mod", "text", 3),
		"pins, ctid":  pins("ctid", "binary", 5),
		"pins, range": pins("range", "binary", 2),
		"built-in":    func(cfg runtime.Config) runtime.Config { return tuned(cfg, builtin.New()) },
		"half pinned": func(cfg runtime.Config) runtime.Config {
			cfg.Pins = policy.Setting{"partition_mode": policy.EnumValue("mod")}
			return tuned(cfg, builtin.New())
		},
	}
	for seed := range uint64(6) {
		ways[fmt.Sprint("switching, seed ", seed)] = func(cfg runtime.Config) runtime.Config { return tuned(cfg, switcher(seed)) }
	}
	var mu sync.Mutex
	switched := used{}
	t.Cleanup(func() { // the switching policy did switch
		for knob, atLeast := range map[string]int{"parallelism": 4, "partition_mode": 3, "copy_format": 2, "copy_flush_bytes": 4} {
			if len(switched[knob]) < atLeast {
				t.Errorf("%s was only ever %v", knob, switched[knob])
			}
		}
	})
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dst := pgtest.New(t)
			var streams []connectors.StreamSpec
			for _, table := range tables {
				s := stream(table)
				if table == "holes" {
					s.PartitionKey = "k"
				}
				streams = append(streams, s)
			}
			cfg := way(config(src.DSN, dst.DSN, streams...))
			seen := record(&cfg)
			mustRun(t, cfg)
			sameRows(t, src, dst, tables...)
			nothingLeft(t, dst)
			obeys(t, cfg, seen)
			if strings.HasPrefix(name, "switching") {
				mu.Lock()
				defer mu.Unlock()
				switched.note(seen)
			}
		})
	}
}

// used are the values that each knob had, by its name.
type used map[string]map[policy.Value]bool

// note adds those of a run's parts.
func (u used) note(seen *recorder) {
	for _, e := range of[runtime.PartDone](seen) {
		for knob, v := range e.Part.Setting {
			if u[knob] == nil {
				u[knob] = map[policy.Value]bool{}
			}
			u[knob][v] = true
		}
	}
}

// obeys checks that every part ran with the pins.
func obeys(t *testing.T, cfg runtime.Config, seen *recorder) {
	t.Helper()
	was := used{}
	was.note(seen)
	for knob, pin := range cfg.Pins {
		if knob == "partition_mode" || knob == "copy_format" { // a table may not support it
			continue
		}
		if len(was[knob]) != 1 || !was[knob][pin] {
			t.Errorf("%s is pinned to %v and was %v", knob, pin, was[knob])
		}
	}
}

// TestPolicyFaults lets policies misbehave: the run finishes, the rows are
// right, and one event says what happened.
func TestPolicyFaults(t *testing.T) {
	t.Parallel()
	src := pgtest.New(t)
	src.Exec(t, manyOrders)
	lanes := func(n int64) policy.Setting { return policy.Setting{"parallelism": policy.IntValue(n)} }
	var many []policy.Setting
	for i := range int64(10_000) {
		many = append(many, lanes(1+i%5))
	}
	ok, okScore := anything(2, lanes(2), lanes(6)), values(same)
	for name, tc := range map[string]struct {
		policy scripted
		fault  string // reason
	}{
		"propose fails": {scripted{func(policy.ProposeRequest) (policy.Proposal, error) {
			return policy.Proposal{}, errors.New("no idea")
		}, okScore}, policy.FaultError},
		"propose panics": {scripted{func(policy.ProposeRequest) (policy.Proposal, error) {
			panic("oh")
		}, okScore}, policy.FaultPanic},
		"propose hangs": {scripted{func(policy.ProposeRequest) (policy.Proposal, error) {
			time.Sleep(10 * time.Minute)
			return policy.Proposal{}, nil
		}, okScore}, policy.FaultTimeout},
		"score fails":  {scripted{ok, func(policy.ScoreRequest) (policy.Scores, error) { return policy.Scores{}, errors.New("no idea") }}, policy.FaultError},
		"score panics": {scripted{ok, func(policy.ScoreRequest) (policy.Scores, error) { panic("oh") }}, policy.FaultPanic},
		"no scores":    {scripted{ok, func(policy.ScoreRequest) (policy.Scores, error) { return policy.Scores{}, nil }}, policy.FaultScores},
		"NaN":          {scripted{ok, values(func(policy.Evidence) float64 { return math.NaN() })}, policy.FaultScores},
		"+Inf":         {scripted{ok, values(func(policy.Evidence) float64 { return math.Inf(1) })}, policy.FaultScores},
		"-Inf":         {scripted{ok, values(func(policy.Evidence) float64 { return math.Inf(-1) })}, policy.FaultScores},
		"unknown ids": {scripted{ok, func(policy.ScoreRequest) (policy.Scores, error) {
			return policy.Scores{Scores: []policy.Score{{ID: 77, Value: 1}}}, nil
		}}, policy.FaultScores},
		"proposes nothing":  {scripted{anything(0), okScore}, ""},
		"10 000 candidates": {scripted{anything(1, many...), okScore}, ""},
		"out of bounds":     {scripted{anything(1, lanes(0), lanes(-5), lanes(1<<40)), okScore}, ""},
		"unknown knob and value": {scripted{anything(1,
			policy.Setting{"warp": policy.IntValue(9)}, policy.Setting{"partition_mode": policy.EnumValue("magic")}), okScore}, policy.FaultCandidates},
		"always the baseline": {scripted{func(r policy.ProposeRequest) (policy.Proposal, error) {
			return policy.Proposal{Candidates: []policy.Setting{r.Baseline}}, nil
		}, okScore}, ""},
		"always the worst": {scripted{anything(9, lanes(1)), values(func(e policy.Evidence) float64 { return 1 + float64(e.ID) })}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dst := pgtest.New(t)
			enough := func(seen *recorder) bool { return tc.fault == "" || tunetest.Faulty(seen) }
			_, seen := tunetest.MustRunUntil(t, enough, func() runtime.Config {
				cfg := tuned(config(src.DSN, dst.DSN, stream("orders")), tc.policy)
				cfg.Autotune.CallTimeout = 200 * time.Millisecond
				cfg.RetryFor = 5 * time.Second
				return cfg
			})
			sameRows(t, src, dst, "orders")
			var reasons []string
			for _, f := range of[runtime.AutotuneFault](seen) {
				reasons = append(reasons, f.Reason)
				t.Log(f.Detail)
			}
			var want []string
			if tc.fault != "" {
				want = []string{tc.fault}
			}
			if diff := cmp.Diff(want, reasons); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
			decisions := of[runtime.AutotuneDecision](seen)
			if len(decisions) != 1 {
				t.Fatalf("%d decisions", len(decisions))
			}
			d := decisions[0]
			masked, counted := map[string]int{}, 0
			for _, w := range of[runtime.WindowDone](seen) {
				switch w.Skipped {
				case "":
					counted++
				case probe.WarmUp, probe.Invalid:
				default:
					masked[w.Skipped]++
				}
			}
			if counted < d.Windows || d.Windows == 0 && counted > 0 || !maps.Equal(masked, d.Masked) {
				t.Errorf("%d windows counted and %v did not, by the events; %d and %v by the decision", counted, masked, d.Windows, d.Masked)
			}
			if tc.fault != "" && !cmp.Equal(d.Winner, d.Baseline) {
				t.Errorf("a fault ended in %v, not in the baseline", d.Winner)
			}
			for _, p := range of[runtime.PartDone](seen) {
				if n := p.Part.Setting["parallelism"].Int; n < 1 || n > 8 {
					t.Errorf("a part ran with %d lanes", n)
				}
			}
			if len(of[runtime.PolicyCalled](seen)) == 0 {
				t.Error("the policy was not asked")
			}
			if slices.Contains([]string{"out of bounds", "unknown knob and value", "10 000 candidates"}, name) && len(of[runtime.Clamped](seen)) == 0 {
				t.Error("no clamp was told")
			}
		})
	}
}

// TestCopyingGoesOn holds that lanes never wait for a policy: this one answers
// only once ten parts more have been committed.
func TestCopyingGoesOn(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, manyOrders)
	enough := func(seen *recorder) bool { return len(of[runtime.PolicyCalled](seen)) > 0 }
	_, seen := tunetest.MustRunUntil(t, enough, func() runtime.Config {
		asked, committed := make(chan struct{}), make(chan struct{})
		var ask, commit sync.Once
		release := func() { commit.Do(func() { close(committed) }) }
		t.Cleanup(release)
		cfg := tuned(config(src.DSN, dst.DSN, stream("orders")), scripted{func(policy.ProposeRequest) (policy.Proposal, error) {
			ask.Do(func() { close(asked) })
			<-committed
			return policy.Proposal{}, nil
		}, values(same)})
		cfg.Autotune.CallTimeout = time.Minute
		parts := 0
		cfg.Events = func(e runtime.Event) {
			select {
			case <-asked:
			default:
				return
			}
			if _, done := e.(runtime.PartDone); done {
				if parts++; parts == 10 {
					release()
				}
			}
		}
		return cfg
	})
	sameRows(t, src, dst, "orders")
	if faults := of[runtime.AutotuneFault](seen); len(faults) > 0 {
		t.Errorf("faults: %v", faults)
	}
	if calls := of[runtime.PolicyCalled](seen); len(calls) != 1 || calls[0].Err != nil {
		t.Errorf("calls: %v", calls)
	}
}

// guessing has a source whose estimates of sizes are wrong.
type guessing struct {
	connectors.Source
	factor float64 // 0 for no estimate
}

type guessingSnapshot struct {
	connectors.Snapshot
	factor float64
}

func (s guessing) Snapshot(ctx context.Context, specs []connectors.StreamSpec) (connectors.Snapshot, error) {
	snap, err := s.Source.Snapshot(ctx, specs)
	return guessingSnapshot{snap, s.factor}, err
}

func (s guessingSnapshot) Describe(ctx context.Context, specs []connectors.StreamSpec) ([]*connectors.Stream, error) {
	streams, err := s.Snapshot.Describe(ctx, specs)
	for _, st := range streams {
		if s.factor == 0 {
			st.Rows, st.Bytes = -1, -1
			continue
		}
		st.Rows, st.Bytes = int64(float64(st.Rows)*s.factor), int64(float64(st.Bytes)*s.factor)
	}
	return streams, err
}

// TestWrongEstimates holds that a stream whose size is not what the catalog says
// is copied all the same, and that its probe phase ends.
func TestWrongEstimates(t *testing.T) {
	t.Parallel()
	src := pgtest.New(t)
	src.Exec(t, manyOrders)
	for name, factor := range map[string]float64{"100 times too large": 100, "100 times too small": 0.01, "nothing": 1e-9, "unknown": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dst := pgtest.New(t)
			cfg := tuned(config(src.DSN, dst.DSN, stream("orders")), builtin.New())
			cfg.Source = guessing{cfg.Source, factor}
			seen := record(&cfg)
			mustRun(t, cfg)
			sameRows(t, src, dst, "orders")
			if n := len(of[runtime.AutotuneDecision](seen)) + len(of[runtime.AutotuneSkipped](seen)); n != 1 {
				t.Errorf("%d decisions and skips, want one", n)
			}
			if faults := of[runtime.AutotuneFault](seen); len(faults) > 0 {
				t.Errorf("faults %v", faults)
			}
		})
	}
}

// TestEndsInTheFirstWindow has a window take more than there is.
func TestEndsInTheFirstWindow(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, manyOrders)
	cfg := tuned(config(src.DSN, dst.DSN, stream("orders")), builtin.New())
	cfg.Source = guessing{cfg.Source, 1e6} // so that it seems worth it
	cfg.Autotune.Budget.MinBytesPerLane = 1 << 30
	seen := record(&cfg)
	mustRun(t, cfg)
	sameRows(t, src, dst, "orders")
	decisions := of[runtime.AutotuneDecision](seen)
	// The window's result may come to light before the end does.
	ended := func(reason string) bool { return reason == policy.BecauseEnded || reason == policy.BecauseBudget }
	if len(decisions) != 1 || !ended(decisions[0].Reason) || !cmp.Equal(decisions[0].Winner, decisions[0].Baseline) {
		t.Errorf("decisions %v", decisions)
	}
}

// TestLaneDiesInAWindow ends sessions in the middle of the probe phase.
func TestLaneDiesInAWindow(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, manyOrders)
	retried := func(seen *recorder) bool {
		return slices.ContainsFunc(of[runtime.WindowDone](seen), func(e runtime.WindowDone) bool { return e.Window.Retries > 0 })
	}
	var ended <-chan struct{}
	_, seen := tunetest.MustRunUntil(t, retried, func() runtime.Config {
		cfg := tuned(config(src.DSN, dst.DSN, stream("orders")), switcher(1))
		ended = afterParts(&cfg, 3, func() {
			for range 6 {
				for _, db := range []*pgtest.DB{src, dst} {
					db.Query(t, terminateOne)
				}
				time.Sleep(time.Duration(5+rand.IntN(30)) * time.Millisecond)
			}
		})
		return cfg
	})
	<-ended
	sameRows(t, src, dst, "orders")
	nothingLeft(t, dst)
	if len(of[runtime.AutotuneDecision](seen)) == 0 {
		t.Error("no decision")
	}
	for _, e := range of[runtime.WindowDone](seen) {
		if e.Window.Retries > 0 && e.Window.Masked != policy.MaskRetry {
			t.Errorf("a window with %d retries counts", e.Window.Retries)
		}
	}
}

// silent has a destination that says nothing of itself, or not all.
type silent struct {
	connectors.Destination
	vitals func(connectors.Vitals) (connectors.Vitals, error)
}

type silentLoad struct {
	connectors.Load
	vitals func(connectors.Vitals) (connectors.Vitals, error)
}

func (d silent) Begin(ctx context.Context, r connectors.Run) (connectors.Load, error) {
	load, err := d.Destination.Begin(ctx, r)
	return silentLoad{load, d.vitals}, err
}

func (l silentLoad) Vitals(ctx context.Context) (connectors.Vitals, error) {
	v, err := l.Load.Vitals(ctx)
	if err != nil {
		return v, err
	}
	return l.vitals(v)
}

// pinged has a source that answers otherwise.
type pinged struct {
	connectors.Source
	answer func(context.Context) (time.Duration, error)
}

type pingedSnapshot struct {
	connectors.Snapshot
	answer func(context.Context) (time.Duration, error)
}

func (s pinged) Snapshot(ctx context.Context, specs []connectors.StreamSpec) (connectors.Snapshot, error) {
	snap, err := s.Source.Snapshot(ctx, specs)
	return pingedSnapshot{snap, s.answer}, err
}

func (s pingedSnapshot) Ping(ctx context.Context) (time.Duration, error) { return s.answer(ctx) }

// TestSilentSource holds that no run waits for the source's answers, and that
// windows say what they lack.
func TestSilentSource(t *testing.T) {
	t.Parallel()
	src := pgtest.New(t)
	src.Exec(t, manyOrders)
	for name, silence := range map[string]func(context.Context) (time.Duration, error){
		"no answer": func(ctx context.Context) (time.Duration, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		},
		"a refusal": func(context.Context) (time.Duration, error) { return 0, errors.New("not allowed") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dst := pgtest.New(t)
			cfg := tuned(config(src.DSN, dst.DSN, stream("orders")), builtin.New())
			cfg.Source = pinged{cfg.Source, silence}
			seen := record(&cfg)
			mustRun(t, cfg)
			sameRows(t, src, dst, "orders")
			if faults := of[runtime.AutotuneFault](seen); len(faults) > 0 || len(of[runtime.AutotuneDecision](seen)) != 1 {
				t.Errorf("faults %v, %d decisions", faults, len(of[runtime.AutotuneDecision](seen)))
			}
			windows := of[runtime.WindowDone](seen)
			if len(windows) == 0 {
				t.Error("no window")
			}
			for _, e := range windows {
				if e.Window.SourceRoundTrip != 0 || !slices.Contains(e.Window.Missing, "source_round_trip_secs") {
					t.Errorf("window %d knows that the source answers in %v s", e.Window.Seq, e.Window.SourceRoundTrip)
				}
			}
		})
	}
}

// TestMissingMetrics holds that no run needs a metric.
func TestMissingMetrics(t *testing.T) {
	t.Parallel()
	src := pgtest.New(t)
	src.Exec(t, manyOrders)
	missing := map[string][]string{
		"all":         {"dest_wal_bytes", "dest_checkpoints", "round_trip_secs"},
		"WAL":         {"dest_wal_bytes"},
		"checkpoints": {"dest_checkpoints"},
		"round trip":  {"round_trip_secs"},
	}
	for name, vitals := range map[string]func(connectors.Vitals) (connectors.Vitals, error){
		"all": func(connectors.Vitals) (connectors.Vitals, error) {
			return connectors.Vitals{}, errors.New("not allowed")
		},
		"WAL": func(v connectors.Vitals) (connectors.Vitals, error) {
			v.WAL, v.Missing = 0, []string{"dest_wal_bytes"}
			return v, nil
		},
		"checkpoints": func(v connectors.Vitals) (connectors.Vitals, error) {
			v.Checkpoints, v.Missing = 0, []string{"dest_checkpoints"}
			return v, nil
		},
		"round trip": func(v connectors.Vitals) (connectors.Vitals, error) {
			v.RoundTrip, v.Missing = 0, []string{"round_trip_secs"}
			return v, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dst := pgtest.New(t)
			cfg := tuned(config(src.DSN, dst.DSN, stream("orders")), builtin.New())
			cfg.Destination = silent{cfg.Destination, vitals}
			seen := record(&cfg)
			mustRun(t, cfg)
			sameRows(t, src, dst, "orders")
			windows := of[runtime.WindowDone](seen)
			if len(windows) == 0 {
				t.Error("no window")
			}
			for _, e := range windows {
				for _, metric := range missing[name] {
					if !slices.Contains(e.Window.Missing, metric) {
						t.Errorf("window %d lacks %v, and not %s", e.Window.Seq, e.Window.Missing, metric)
					}
				}
			}
			if faults := of[runtime.AutotuneFault](seen); len(faults) > 0 || len(of[runtime.AutotuneDecision](seen)) != 1 {
				t.Errorf("faults %v, %d decisions", faults, len(of[runtime.AutotuneDecision](seen)))
			}
		})
	}
}

// crowded has a destination without room for more than some lanes.
type crowded struct {
	connectors.Destination
	left *atomic.Int32
}

type crowdedLoad struct {
	connectors.Load
	left *atomic.Int32
}

func (d crowded) Begin(ctx context.Context, r connectors.Run) (connectors.Load, error) {
	load, err := d.Destination.Begin(ctx, r)
	return crowdedLoad{load, d.left}, err
}

func (l crowdedLoad) Writer(ctx context.Context) (connectors.Writer, error) {
	if l.left.Add(-1) < 0 {
		return nil, tooMany{}
	}
	return l.Load.Writer(ctx)
}

type tooMany struct{}

func (tooMany) Error() string   { return "sorry, too many clients already" }
func (tooMany) Class() string   { return "53" }
func (tooMany) Retryable() bool { return true }

// TestNoRoomForMoreLanes holds that lanes which only tuning asks for need not
// get connections.
func TestNoRoomForMoreLanes(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, manyOrders)
	lanes := func(n int64) policy.Setting { return policy.Setting{"parallelism": policy.IntValue(n)} }
	more := scripted{anything(3, lanes(7), lanes(8)), values(func(e policy.Evidence) float64 { return float64(1 + e.ID) })}
	cfg := tuned(config(src.DSN, dst.DSN, stream("orders")), more)
	left := &atomic.Int32{}
	left.Store(5)
	cfg.Destination = crowded{cfg.Destination, left}
	mustRun(t, cfg)
	sameRows(t, src, dst, "orders")
	if left.Load() >= 0 {
		t.Error("nobody asked for more lanes than there is room for")
	}
}
