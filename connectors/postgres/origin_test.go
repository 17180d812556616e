package postgres

import (
	"strings"
	"testing"

	"github.com/rapidbyte/rbt/internal/pgcluster"
	"github.com/rapidbyte/rbt/internal/pgtest"
)

// The one mistake that would cost the rows.
func TestNotOntoItself(t *testing.T) {
	b := newBench(t, DestinationOptions{})
	b.dst = b.src
	b.dest = b.destination(DestinationOptions{})
	b.src.Exec(t, "create table t (a int)")
	_, targets := b.targets(t, replace("t"))
	diff(t, []string{itself}, targets[0].Problems)
	spec := replace("t")
	spec.Target = "copy"
	b.run(t, spec)
}

const itself = "public.t is the source table itself: choose another target or another database"

// A clone has the cluster identifier of what it was cloned from, and its
// databases' names. So has a standby, but what is written to its primary comes
// back to it.
func TestCloneAndStandby(t *testing.T) {
	clone := pgtest.Cluster(t, pgcluster.Options{})
	b := newBench(t, DestinationOptions{})
	b.src.Exec(t, "create table t (a int); insert into t values (1)")
	twin := pgtest.DB{Name: b.src.Name, DSN: clone.DSN(b.src.Name)}
	admin := pgtest.DB{DSN: clone.DSN("postgres")}
	admin.Exec(t, "create database "+twin.Name)
	identifier := "select system_identifier from pg_control_system()"
	diff(t, b.src.Query(t, identifier), twin.Query(t, identifier))

	b.dst = &twin
	b.dest = b.destination(DestinationOptions{})
	_, targets := b.targets(t, replace("t"))
	diff(t, []string(nil), targets[0].Problems)
	b.run(t, replace("t"))
	diff(t, [][]string{{"1"}}, twin.Query(t, "select a from t"))

	// What follows takes the clone for a standby.
	twin.Exec(t, "copy (select) to program 'cat > standby.signal'")
	if err := clone.Restart(t.Context(), pgcluster.Fast); err != nil {
		t.Fatal(err)
	}
	_, targets = b.targets(t, replace("t"))
	if got := strings.Join(targets[0].Problems, "; "); !strings.Contains(got, "the destination is a standby, which takes no rows") {
		t.Errorf("problems = %s", got)
	}
	b.src, b.dst = b.dst, b.src
	b.dest = b.destination(DestinationOptions{})
	_, targets = b.targets(t, replace("t"))
	diff(t, []string{itself}, targets[0].Problems)
}
