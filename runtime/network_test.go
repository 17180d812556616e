package runtime_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/rapidbyte/rbt/internal/pgtest"
	"github.com/rapidbyte/rbt/runtime"
)

// through returns the DSN of a database behind a proxy with the toxics, each
// as toxiproxy's JSON.
func through(t *testing.T, db *pgtest.DB, toxics ...string) string {
	t.Helper()
	dsn, err := url.Parse(db.DSN)
	if err != nil {
		t.Fatal(err)
	}
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	proxy := toxiproxy.NewProxy(server, db.Name, "127.0.0.1:0", dsn.Host)
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	for _, toxic := range toxics {
		if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
			t.Fatal(err)
		}
	}
	dsn.Host = proxy.Listen
	return dsn.String()
}

// TestBadNetworks copies over links that cut connections behind a number of
// bytes, chop the bytes up, or are slow: every row must arrive once.
func TestBadNetworks(t *testing.T) {
	t.Parallel()
	src := pgtest.New(t)
	src.Exec(t, orders+"CREATE TABLE few (id int PRIMARY KEY, v text); INSERT INTO few SELECT i, repeat('f', i) FROM generate_series(1, 300) i")
	cut := func(stream string, bytes int) string {
		return fmt.Sprintf(`{"type": "limit_data", "stream": %q, "attributes": {"bytes": %d}}`, stream, bytes)
	}
	const (
		chop = `{"type": "slicer", "attributes": {"average_size": 7, "size_variation": 5, "delay": 0}}`
		slow = `{"type": "latency", "attributes": {"latency": 15, "jitter": 10}}`
	)
	for _, tc := range []struct {
		name             string
		tables           []string
		fromSrc, fromDst []string // toxics of the links
		retries          bool     // that there must be
	}{
		{"the source's link is cut", []string{"orders"}, []string{cut("downstream", 900_000)}, nil, true},
		{"the destination's link is cut", []string{"orders"}, nil, []string{cut("upstream", 700_000)}, true},
		{"bytes come in pieces", []string{"few"}, []string{chop}, []string{chop}, false},
		{"both links are slow", []string{"orders", "few"}, []string{slow}, []string{slow}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dst := pgtest.New(t)
			cfg := config(through(t, src, tc.fromSrc...), through(t, dst, tc.fromDst...))
			for _, table := range tc.tables {
				cfg.Streams = append(cfg.Streams, runtime.Stream{StreamSpec: stream(table)})
			}
			cfg.RetryFor = time.Minute
			retries := 0
			cfg.Events = func(e runtime.Event) {
				if _, ok := e.(runtime.Retry); ok {
					retries++
				}
			}
			mustRun(t, cfg)
			if tc.retries && retries == 0 {
				t.Error("no connection was cut")
			}
			sameRows(t, src, dst, tc.tables...)
			nothingLeft(t, dst)
		})
	}
}
