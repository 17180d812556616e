package pgtest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/internal/pgcluster"
	"github.com/rapidbyte/rbt/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestDatabasesAreFreshAndApart(t *testing.T) {
	src, dst := pgtest.New(t), pgtest.New(t)
	for _, db := range []*pgtest.DB{src, dst} {
		db.Exec(t, `create table orders (id int, note text); insert into orders values (1, null)`)
	}
	dst.Exec(t, `insert into orders values ($1, $2)`, 2, "two")
	if diff := cmp.Diff([][]string{{"1", "NULL"}}, src.Query(t, `select * from orders`)); diff != "" {
		t.Errorf("source (-want +got):\n%s", diff)
	}
	want := [][]string{{"2", "two", "t", "2001-02-03 00:00:00"}}
	got := dst.Query(t, `select id, note, true, timestamp '2001-02-03' from orders where id > $1`, 1)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("destination (-want +got):\n%s", diff)
	}
}

func TestDatabaseIsDroppedThoughConnected(t *testing.T) {
	watch := pgtest.New(t)
	var name string
	t.Run("inner", func(t *testing.T) {
		db := pgtest.New(t)
		name = db.Name
		if err := db.Conn(t).Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
	for range 1000 {
		if watch.Query(t, `select datname from pg_database where datname = $1`, name) == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("still there")
}

func TestOwnCluster(t *testing.T) {
	c := pgtest.Cluster(t, pgcluster.Options{Settings: map[string]string{"max_connections": "7"}})
	db := pgtest.On(t, c)
	db.Exec(t, `create table kept ()`)
	if err := c.Restart(t.Context(), pgcluster.Immediate); err != nil {
		t.Fatal(err)
	}
	if got := db.Query(t, `select to_regclass('kept'), current_setting('max_connections')`); !cmp.Equal(got, [][]string{{"kept", "7"}}) {
		t.Errorf("got %v", got)
	}
}

// TestWithoutServer runs TestOwnCluster in a process that is told of a wrong place.
func TestWithoutServer(t *testing.T) {
	for _, test := range []struct{ require, want string }{
		{"RBT_TEST_REQUIRE=", "--- SKIP: TestOwnCluster"},
		{"RBT_TEST_REQUIRE=1", "--- FAIL: TestOwnCluster"},
	} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestOwnCluster$", "-test.v")
		cmd.Env = append(os.Environ(), "CI=", "RBT_PG_BIN=/nowhere", test.require)
		out, _ := cmd.CombinedOutput() // its exit code is in the text as well
		for _, want := range []string{test.want, "RBT_PG_BIN=/nowhere does not hold"} {
			if !strings.Contains(string(out), want) {
				t.Errorf("%s: no %q in:\n%s", test.require, want, out)
			}
		}
	}
}
