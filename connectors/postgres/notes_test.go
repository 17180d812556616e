package postgres

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/internal/pgcluster"
	"github.com/rapidbyte/rbt/internal/pgtest"
)

func TestNotes(t *testing.T) {
	t.Parallel()
	dst := pgtest.On(t, pgtest.Cluster(t, pgcluster.Options{Settings: map[string]string{
		"wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "3GB", "checkpoint_timeout": "7min",
	}}))
	src := pgtest.New(t)
	src.Exec(t, `CREATE TABLE t (id int PRIMARY KEY, pad text);
		INSERT INTO t SELECT i * 10, repeat('x', 80) FROM generate_series(50000, 1, -1) i;
		CREATE TABLE p (id text PRIMARY KEY) PARTITION BY HASH (id);
		CREATE TABLE p1 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 0);
		CREATE TABLE p2 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 1);
		CREATE VIEW v AS SELECT 1 AS a, 2 AS b, 3 AS c; ANALYZE`)
	b := &bench{src: src, dst: dst}
	b.dest = b.destination(DestinationOptions{})
	filtered := replace("p")
	filtered.Where = "true"
	_, targets := b.targets(t, replace("t"), filtered, replace("v"))
	server := regexp.MustCompile(`^[1-9][0-9.]+$`)
	for i, want := range []map[string]string{
		{"source.kind": "table", "source.columns": "2", "source.filtered": "false", "source.heaps": "1",
			"source.key": "integer", "source.key.correlation": "-1"},
		{"source.kind": "partitioned table", "source.columns": "1", "source.filtered": "true", "source.heaps": "2", "source.key": "hash"},
		{"source.kind": "view", "source.columns": "3", "source.filtered": "false"},
	} {
		got := maps.Clone(targets[i].Stream.Notes)
		for side, notes := range map[string]map[string]string{"source": got, "destination": targets[i].Notes} {
			if v := notes[side+".version"]; !server.MatchString(v) {
				t.Errorf("the %s has version %q", side, v)
			}
			if s, err := strconv.ParseFloat(notes[side+".round_trip_secs"], 64); err != nil || s <= 0 || s > 1 {
				t.Errorf("a round trip to the %s takes %q", side, notes[side+".round_trip_secs"])
			}
			diff(t, "none", notes[side+".tls"])
			diff(t, "134217728", notes[side+".shared_buffers"])
		}
		maps.DeleteFunc(got, func(name, _ string) bool { _, own := want[name]; return !own })
		diff(t, want, got)
	}
	if n, err := strconv.ParseFloat(targets[0].Stream.Notes["source.key.span_per_row"], 64); err != nil || n < 9.9 || n > 10.1 {
		t.Errorf("every tenth integer is a key, and the span is %g for each row", n)
	}
	for note, want := range map[string]string{
		"destination.wal_level": "minimal", "destination.max_wal_size": "3221225472",
		"destination.checkpoint_timeout_secs": "420", "destination.fsync": "off",
		"destination.full_page_writes": "off", "destination.synchronous_commit": "off",
	} {
		diff(t, want, targets[0].Notes[note])
	}
	documented(t, targets[0])
}

// documented holds docs/architecture.md to the notes that there are.
func documented(t *testing.T, target *connectors.Target) {
	text, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, name := range regexp.MustCompile("`((?:source|destination)\\.[a-z_.]+)`").FindAllStringSubmatch(string(text), -1) {
		names = append(names, name[1])
	}
	slices.Sort(names)
	notes := maps.Clone(target.Notes)
	maps.Copy(notes, target.Stream.Notes)
	diff(t, slices.Sorted(maps.Keys(notes)), names)
}
