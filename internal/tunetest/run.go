// Package tunetest gives tests runs that are tuned, on tables of some megabytes.
//
//	cfg := tunetest.Tuned(tunetest.Config(src.DSN, dst.DSN, tunetest.Stream("orders")), p)
//	seen := tunetest.Record(&cfg)
//	tunetest.MustRun(t, cfg)
//	tunetest.SameRows(t, src, dst, "orders")
//	for _, d := range tunetest.Of[runtime.AutotuneDecision](seen) { … }
package tunetest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/connectors/postgres"
	"github.com/rapidbyte/rbt/internal/pgtest"
	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/runtime"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// Config copies the tables of one database into another, in small parts.
func Config(src, dst string, streams ...connectors.StreamSpec) runtime.Config {
	cfg := runtime.Config{
		Source:      postgres.NewSource(postgres.Config{DSN: src, Pipeline: "test"}, postgres.SourceOptions{}),
		Destination: postgres.NewDestination(postgres.Config{DSN: dst, Pipeline: "test"}, postgres.DestinationOptions{}),
		Run:         connectors.Run{ID: fmt.Sprintf("run%d", rand.Uint64()), Pipeline: "test", Version: "test"},
		WorkerCap:   8,
		MaxMemory:   512 << 20,
		PartBytes:   256 << 10,
		RetryFor:    30 * time.Second,
	}
	for _, s := range streams {
		cfg.Streams = append(cfg.Streams, runtime.Stream{StreamSpec: s})
	}
	return cfg
}

// Stream replaces a table of the schema public.
func Stream(table string) connectors.StreamSpec {
	return connectors.StreamSpec{
		Name: "public." + table, Schema: "public", Table: table,
		WriteMode: connectors.Replace, Resume: connectors.Restart,
	}
}

// Tuned lets the policy tune every stream. The source is so slow, and windows so
// small, that a table of some megabytes has many.
func Tuned(cfg runtime.Config, p policy.Policy) runtime.Config {
	cfg.Source, cfg.Destination = dripping{cfg.Source}, flushing{cfg.Destination}
	cfg.Autotune = &runtime.Autotune{
		Policy: p,
		Budget: probe.Budget{
			Seconds: 20, MaxFraction: 1, MinWindows: 1, Lead: 0.08,
			MinWindowSeconds: 0.05, MaxWindowSeconds: 0.05, MinBytesPerLane: 128 << 10,
		},
		CallTimeout: 500 * time.Millisecond,
	}
	return cfg
}

// MustRun runs it to the end.
func MustRun(t testing.TB, cfg runtime.Config) runtime.Summary {
	t.Helper()
	s, err := runtime.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if s.Status != "done" {
		t.Fatalf("status %s", s.Status)
	}
	return s
}

// MustRunUntil runs what config makes until enough has been seen, at most five
// times: on a busy machine windows may be masked until a small table ends, and
// the policy is never asked.
func MustRunUntil(t testing.TB, enough func(*Recorder) bool, config func() runtime.Config) (runtime.Config, *Recorder) {
	t.Helper()
	for try := 1; ; try++ {
		cfg := config()
		seen := Record(&cfg)
		MustRun(t, cfg)
		if try == 5 || enough(seen) {
			return cfg, seen
		}
	}
}

// Faulty says whether a fault was told.
func Faulty(seen *Recorder) bool { return len(Of[runtime.AutotuneFault](seen)) > 0 }

// SameRows checks that the tables of two databases have the same rows.
func SameRows(t testing.TB, src, dst *pgtest.DB, tables ...string) {
	t.Helper()
	for _, table := range tables {
		query := "SELECT * FROM ONLY public." + table
		if diff := cmp.Diff(Sums(t, src, query), Sums(t, dst, query)); diff != "" {
			t.Errorf("%s differs (-source +destination):\n%s", table, diff)
		}
	}
}

// Sums describes a query's rows so that two queries with the same rows look the
// same, whatever their order.
func Sums(t testing.TB, db *pgtest.DB, query string) string {
	t.Helper()
	got := db.Query(t, `SELECT count(*), coalesce(sum(hashtextextended(q::text, 0)::numeric), 0) FROM (`+query+`) q`)
	return got[0][0] + " rows, " + got[0][1]
}
