package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

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
	copy    func(ctx context.Context, bed *testbed.Bed, table string) (usage, error)
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
	if c.version, err = printed(ctx, psql, "--version"); err != nil {
		c.missing = err.Error()
		return c
	}
	c.copy = func(ctx context.Context, bed *testbed.Bed, table string) (usage, error) {
		side := func(dsn, sql string) *exec.Cmd {
			return exec.CommandContext(ctx, psql, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--command="+sql, dsn)
		}
		return runPiped(
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

// rbt is a build of rbt with a number of lanes; folder is where it may write.
func rbt(ctx context.Context, name, binary, folder string, lanes int) (contender, error) {
	c := contender{name: name, creates: true}
	binary, err := filepath.Abs(binary)
	if err != nil {
		return c, err
	}
	if c.version, err = printed(ctx, binary, "version"); err != nil {
		return c, err
	}
	c.copy = func(ctx context.Context, bed *testbed.Bed, table string) (usage, error) {
		file := filepath.Join(folder, table+".hcl")
		if err := os.WriteFile(file, []byte(pipeline(table, lanes)), 0o600); err != nil {
			return usage{}, err
		}
		cmd := exec.CommandContext(ctx, binary, "run", file)
		cmd.Dir = folder
		cmd.Env = append(os.Environ(), "SOURCE_DSN="+bed.Source.DSN(), "DEST_DSN="+bed.Destination.DSN())
		return run(cmd)
	}
	return c, nil
}

// pipeline is a pipeline file that copies one table, without a search for better settings.
func pipeline(table string, lanes int) string {
	return fmt.Sprintf(`pipeline "bench" {}

source "postgres" {
  dsn = env("SOURCE_DSN")
}

destination "postgres" {
  dsn = env("DEST_DSN")
}

stream "public.%s" {}

resources {
  parallelism = %d
}

autotune {
  enabled = false
}
`, table, lanes)
}

// build builds rbt as it is in the working folder.
func build(ctx context.Context, folder string) (binary string, err error) {
	binary = filepath.Join(folder, "rbt")
	describe, err := printed(ctx, "git", "describe", "--tags", "--always", "--dirty")
	if err != nil {
		describe = "unknown"
	}
	_, err = printed(ctx, "go", "build", "-ldflags=-X main.version="+describe, "-o", binary, "./cmd/rbt")
	return binary, err
}

// printed is what a program prints.
func printed(ctx context.Context, program string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, program, args...).Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w%s", program, err, said(err))
	}
	return strings.TrimSpace(string(out)), nil
}

func said(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return "\n" + strings.TrimSpace(string(exit.Stderr))
	}
	return ""
}
