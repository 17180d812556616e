package postgres

import (
	"testing"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/internal/pgtest"
)

// TestStreamsOfOneTable holds that each of them knows the table by its own key.
func TestStreamsOfOneTable(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.Exec(t, `CREATE TABLE t (id int PRIMARY KEY, down int, pad text);
		INSERT INTO t SELECT i, 100000 - i, repeat('x', 80) FROM generate_series(1, 50000) i; ANALYZE t`)
	snap, err := newSnapshot(t.Context(), Config{DSN: db.DSN}, SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close(t.Context())
	up := connectors.StreamSpec{Name: "up", Schema: "public", Table: "t", Target: "a"}
	down := connectors.StreamSpec{Name: "down", Schema: "public", Table: "t", Target: "b", PartitionKey: "down"}
	streams, err := snap.Describe(t.Context(), []connectors.StreamSpec{up, down})
	if err != nil {
		t.Fatal(err)
	}
	for i, follows := range []float64{1, -1} {
		st, f := streams[i], streams[i].Facts.(*facts)
		if st.Rows != 50_000 || st.Bytes < 5_000_000 || st.Bytes > 10_000_000 {
			t.Errorf("%s: %d rows, %d bytes", st.Spec.Name, st.Rows, st.Bytes)
		}
		if len(f.heap) != 1 || len(f.leaves) != 1 || f.key.correlation != follows {
			t.Errorf("%s: %d heaps, %d leaves, correlation %g", st.Spec.Name, len(f.heap), len(f.leaves), f.key.correlation)
		}
		diff(t, []string{modeCtid, modeRange, modeMod}, st.Choices[0].Knob.Values)
	}
}
