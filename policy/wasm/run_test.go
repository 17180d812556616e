package wasm_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/internal/pgtest"
	"github.com/rapidbyte/rbt/internal/tunetest"
	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/wasm"
	"github.com/rapidbyte/rbt/runtime"
	"github.com/rapidbyte/rbt/runtime/probe"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// few are as many rows as a probe phase needs.
const few = `
	CREATE TABLE orders (id int8 PRIMARY KEY, customer int, total numeric, at timestamptz, note text);
	INSERT INTO orders SELECT i, i % 1000, i / 3.0, '2026-01-01'::timestamptz + i * interval '1 second', repeat('x', i % 150)
		FROM generate_series(1, 50000) i;
	ANALYZE orders;`

// TestRunHostile copies a table with every module that loads and then misbehaves:
// the run finishes, the rows are right, and one event says what happened.
func TestRunHostile(t *testing.T) {
	wasm.SkipLong(t)
	t.Parallel()
	inRuns(t, append(wasm.CallCases(t), wasm.MuchMemory()), runHostile)
}

// TestRunGo does the same with what guests in Go do: row 17.
func TestRunGo(t *testing.T) {
	t.Parallel()
	guest := wasm.BuildGuest(t, "hostile/guest", "-ldflags=-s -w")
	var cases []wasm.Case
	for _, c := range []struct {
		does, code string
		limits     wasm.Limits // low, so that they are met before the stream ends, on a busy machine too
	}{
		{"panic", wasm.Trap, wasm.Limits{}}, {"memory", wasm.Trap, wasm.Limits{Memory: 8 << 20}},
		{"deadlock", wasm.Trap, wasm.Limits{}}, {"exit", wasm.Exit, wasm.Limits{}},
		{"sleep", wasm.Fuel, wasm.Limits{Calls: 30_000}}, {"nothing", "", wasm.Limits{}},
	} {
		cases = append(cases, wasm.Case{
			Name: "17 " + c.does, Module: guest, Code: c.code, Config: fmt.Sprintf(`{"do":"please %s"}`, c.does), Limits: c.limits,
		})
	}
	inRuns(t, cases, runHostile)
}

// TestRunUnusable copies a table with modules that cannot be loaded, one for each
// reason, as rbt run does, with the built-in policy in their place. Settings that a
// module does not accept are a mistake of the pipeline file there, and nothing runs.
func TestRunUnusable(t *testing.T) {
	wasm.SkipLong(t)
	t.Parallel()
	reasons := map[string]bool{wasm.BadSettings: true}
	cases := slices.DeleteFunc(wasm.LoadCases(t), func(c wasm.Case) bool {
		known := reasons[c.Code]
		reasons[c.Code] = true
		return known
	})
	inRuns(t, cases, func(t *testing.T, src, dst *pgtest.DB, c wasm.Case) {
		_, err := wasm.Load(t.Context(), c.Module, options(wasm.Interpreter, c.Limits))
		var failed *wasm.Error
		if !errors.As(err, &failed) {
			t.Fatal(err)
		}
		cfg := tunetest.Config(src.DSN, dst.DSN, tunetest.Stream("orders"))
		cfg.Autotune = &runtime.Autotune{
			Policy: builtin.New(), Budget: probe.DefaultBudget(), CallTimeout: time.Minute,
			Fault: &policy.Fault{Reason: failed.Reason, Detail: failed.Detail},
		}
		seen := tunetest.Record(&cfg)
		tunetest.MustRun(t, cfg)
		var got []string
		for _, f := range tunetest.Of[runtime.AutotuneFault](seen) {
			got = append(got, f.Reason)
		}
		if diff := cmp.Diff([]string{c.Code}, got); diff != "" {
			t.Errorf("faults (-want +got):\n%s", diff)
		}
	})
}

// inRuns has the table orders copied once in each case, and compares its rows.
func inRuns(t *testing.T, cases []wasm.Case, run func(t *testing.T, src, dst *pgtest.DB, c wasm.Case)) {
	src := pgtest.New(t)
	src.Exec(t, few)
	rows := tunetest.Sums(t, src, "SELECT * FROM orders")
	todo := make(chan wasm.Case)
	var workers sync.WaitGroup
	for range 4 { // most of a run is waiting
		dst := pgtest.New(t)
		workers.Go(func() {
			for c := range todo {
				t.Run(c.Name, func(t *testing.T) {
					dst.Exec(t, "DROP TABLE IF EXISTS orders")
					run(t, src, dst, c)
					if got := tunetest.Sums(t, dst, "SELECT * FROM orders"); got != rows {
						t.Errorf("the destination has %s, the source %s", got, rows)
					}
				})
			}
		})
	}
	for _, c := range cases {
		todo <- c
	}
	close(todo)
	workers.Wait()
}

// config copies the table, tuned by the policy.
func config(src, dst *pgtest.DB, p *wasm.Policy) runtime.Config {
	cfg := tunetest.Tuned(tunetest.Config(src.DSN, dst.DSN, tunetest.Stream("orders")), p)
	cfg.Autotune.CallTimeout = time.Minute // the module's own limits come first
	cfg.WorkerCap = 2
	return cfg
}

func runHostile(t *testing.T, src, dst *pgtest.DB, c wasm.Case) {
	enough := func(seen *tunetest.Recorder) bool { return c.Code+c.Fault == "" || tunetest.Faulty(seen) }
	_, seen := tunetest.MustRunUntil(t, enough, func() runtime.Config {
		p := load(t, c.Module, options(wasm.Interpreter, c.Limits)) // anew: no try is blamed for another one
		t.Cleanup(func() { p.Close() })
		cfg := config(src, dst, p)
		if c.Config != "" {
			cfg.Autotune.Config = json.RawMessage(c.Config)
		}
		return cfg
	})
	var want, got []string
	if fault := c.Code + c.Fault; fault != "" {
		want = append(want, fault)
	}
	for _, f := range tunetest.Of[runtime.AutotuneFault](seen) {
		got = append(got, f.Reason)
		t.Log(f.Detail)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	decisions := tunetest.Of[runtime.AutotuneDecision](seen)
	for _, d := range decisions {
		t.Logf("%s: %s, %d windows, masked %v, %d rows", d.Reason, d.Detail, d.Windows, d.Masked, d.ProbeRows)
	}
	if len(decisions) != 1 {
		t.Fatalf("%d decisions", len(decisions))
	}
	if d := decisions[0]; len(want) > 0 && !cmp.Equal(d.Winner, d.Baseline) {
		t.Errorf("a fault ended in %v, not in the baseline", d.Winner)
	}
	if clamps := tunetest.Of[runtime.Clamped](seen); c.Clamps != (len(clamps) > 0) {
		t.Errorf("clamps: %v", clamps)
	}
}

// TestRunCancelled ends a run while its policy hangs: row 35.
func TestRunCancelled(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, few)
	ctx, cancel := context.WithCancel(t.Context())
	var cancelled time.Time
	o := options(wasm.Interpreter, wasm.Limits{Calls: 1 << 40})
	o.Log = func(slog.Level, string) { // the module does nothing else
		if cancelled.IsZero() {
			cancelled = time.Now()
			cancel()
		}
	}
	p := load(t, wasm.File(t, "log_flood"), o)
	cfg := config(src, dst, p)
	seen := tunetest.Record(&cfg)
	if _, err := runtime.Run(ctx, cfg); !errors.Is(err, context.Canceled) {
		t.Errorf("the run ended with %v", err)
	}
	p.Close()
	inTime(t, cancelled, 5*time.Second) // which servers may take to let go
	if faults := tunetest.Of[runtime.AutotuneFault](seen); len(faults) > 0 || p.Quarantined() != "" {
		t.Errorf("the policy is blamed: %v, %s", faults, p.Quarantined())
	}
}

// TestRunQuarantined uses a module that always fails for one run after the
// other: row 34.
func TestRunQuarantined(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, few)
	p := load(t, wasm.File(t, "unreachable"), options(wasm.Interpreter, wasm.Limits{}))
	defer p.Close()
	var got []string
	for run := range 4 {
		enough := func(seen *tunetest.Recorder) bool { return run == 3 || tunetest.Faulty(seen) }
		_, seen := tunetest.MustRunUntil(t, enough, func() runtime.Config { return config(src, dst, p) })
		tunetest.SameRows(t, src, dst, "orders")
		for _, f := range tunetest.Of[runtime.AutotuneFault](seen) {
			got = append(got, f.Reason)
		}
	}
	if diff := cmp.Diff([]string{wasm.Trap, wasm.Trap, wasm.Quarantined}, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if p.Info().Name != "builtin" {
		t.Errorf("%v tunes", p.Info())
	}
}

// TestRunTwo has two runs at once with one module, and then with one policy: row
// 37.
func TestRunTwo(t *testing.T) {
	t.Parallel()
	src := pgtest.New(t)
	src.Exec(t, few)
	module := wasm.File(t, "turning")
	one, two := load(t, module, options("", wasm.Limits{})), load(t, module, options("", wasm.Limits{}))
	defer one.Close()
	defer two.Close()
	var runs sync.WaitGroup
	for _, p := range []*wasm.Policy{one, one, two} {
		dst := pgtest.New(t)
		runs.Go(func() {
			cfg := config(src, dst, p)
			seen := tunetest.Record(&cfg)
			if _, err := runtime.Run(t.Context(), cfg); err != nil {
				t.Error(err)
			}
			tunetest.SameRows(t, src, dst, "orders")
			if faults := tunetest.Of[runtime.AutotuneFault](seen); len(faults) > 0 {
				t.Errorf("faults: %v", faults)
			}
		})
	}
	runs.Wait()
}
