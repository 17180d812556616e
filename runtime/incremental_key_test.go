package runtime_test

import (
	"testing"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/internal/pgtest"
)

// TestIncrementalWithoutKey holds that a row which has no cursor, and is read by every
// run for that, does not take the place of one of its key that has one; but that it
// does where the source has one row of the key.
func TestIncrementalWithoutKey(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, key, then, want string }{
		{"rows of one key", "", "INSERT INTO t VALUES (2, 6, 'x')", "A"},
		{"one row of a key", "PRIMARY KEY", "DELETE FROM t WHERE at IS NULL; UPDATE t SET at = NULL, v = 'B' WHERE id = 1", "B"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			src, dst := pgtest.New(t), pgtest.New(t)
			src.Exec(t, "CREATE TABLE t (id int "+tc.key+", at int, v text); INSERT INTO t VALUES (1, 5, 'A')")
			if tc.key == "" {
				src.Exec(t, "INSERT INTO t VALUES (1, NULL, 'B')")
			}
			dst.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, at int, v text)")
			cfg := config(src.DSN, dst.DSN, incremental("t", connectors.Upsert, by("at")))
			mustRun(t, cfg)
			src.Exec(t, tc.then)
			mustRun(t, again(cfg))
			if got := dst.Query(t, "SELECT v FROM t WHERE id = 1"); got[0][0] != tc.want {
				t.Errorf("got %v, want %s", got, tc.want)
			}
		})
	}
}
