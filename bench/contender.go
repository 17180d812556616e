package main

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"

	"github.com/rapidbyte/rbt/internal/measure"
	"github.com/rapidbyte/rbt/internal/pgcluster"
	"github.com/rapidbyte/rbt/internal/testbed"
)

// contender is a way to copy a table.
type contender struct {
	name    string
	version string
	missing string // why it cannot take part; empty if it can
	// creates says that it makes the table at the destination; else it is given an empty one.
	creates bool
	copy    func(ctx context.Context, bed *testbed.Bed, table string) (measure.Usage, error)
}

// pipeName is the contender that the others are compared with.
const pipeName = "psql | psql"

// pipe is what one has without any tool: COPY, relayed by two psql.
func pipe(ctx context.Context) contender {
	c := contender{name: pipeName}
	psql, err := findPsql()
	if err != nil {
		c.missing = err.Error()
		return c
	}
	if c.version, err = measure.Printed(ctx, psql, "--version"); err != nil {
		c.missing = err.Error()
		return c
	}
	c.copy = func(ctx context.Context, bed *testbed.Bed, table string) (measure.Usage, error) {
		side := func(dsn, sql string) *exec.Cmd {
			return exec.CommandContext(ctx, psql, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--command="+sql, dsn)
		}
		return measure.RunPiped(
			side(bed.Source.DSN(), "COPY "+table+" TO STDOUT (FORMAT binary)"),
			side(bed.Destination.DSN(), "COPY "+table+" FROM STDIN (FORMAT binary)"))
	}
	return c
}

// findPsql looks beside the server's programs first, for the version that goes with them.
func findPsql() (string, error) {
	if dir, err := pgcluster.Find(); err == nil {
		if psql, err := exec.LookPath(filepath.Join(dir, "psql")); err == nil {
			return psql, nil
		}
	}
	psql, err := exec.LookPath("psql")
	if err != nil {
		return "", errors.New("psql is not installed")
	}
	return psql, nil
}

// rbt is a build of rbt with a number of lanes, and without a search for better settings.
func rbt(name string, program *testbed.Program, lanes int) contender {
	copyTable := func(ctx context.Context, bed *testbed.Bed, table string) (measure.Usage, error) {
		return program.Run(ctx, testbed.Job{
			Table: table, Source: bed.Source.DSN(), Destination: bed.Destination.DSN(), Lanes: lanes,
		})
	}
	return contender{name: name, version: program.Version, creates: true, copy: copyTable}
}
