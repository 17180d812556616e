package testbed

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rapidbyte/rbt/internal/measure"
)

// Program is a build of rbt.
type Program struct {
	Version string
	Path    string
	folder  string // where it may write
}

// Build builds rbt as it is in the working folder, into the folder that it may write to.
func Build(ctx context.Context, folder string) (*Program, error) {
	binary := filepath.Join(folder, "rbt")
	describe, err := measure.Printed(ctx, "git", "describe", "--tags", "--always", "--dirty")
	if err != nil {
		describe = "unknown"
	}
	if _, err := measure.Printed(ctx, "go", "build", "-ldflags=-X main.version="+describe, "-o", binary, "./cmd/rbt"); err != nil {
		return nil, err
	}
	return Open(ctx, binary, folder)
}

// Open takes a build that is there.
func Open(ctx context.Context, binary, folder string) (*Program, error) {
	path, err := filepath.Abs(binary)
	if err != nil {
		return nil, err
	}
	version, err := measure.Printed(ctx, path, "version")
	return &Program{Version: version, Path: path, folder: folder}, err
}

// Job is one run of rbt.
type Job struct {
	Table string
	// Source and Destination are the connection strings.
	Source, Destination string
	// Lanes is how many rbt begins with; 0 leaves it to rbt.
	Lanes int
	Pins  []Pin
	// Tune lets rbt search for better settings.
	Tune bool
	// Trace is the file that the trace goes to, with its whole path; empty leaves it to rbt.
	Trace string
}

// Pin fixes a knob. Its value is written as in a pipeline file, without quotes.
type Pin struct{ Knob, Value string }

// Run runs a job.
func (p *Program) Run(ctx context.Context, j Job) (measure.Usage, error) {
	file := filepath.Join(p.folder, "pipeline.hcl")
	if err := os.WriteFile(file, []byte(j.pipeline()), 0o600); err != nil {
		return measure.Usage{}, err
	}
	cmd := exec.CommandContext(ctx, p.Path, "run", file)
	if j.Trace != "" {
		cmd.Args = append(cmd.Args, "--trace", j.Trace)
	}
	cmd.Dir = p.folder
	cmd.Env = append(os.Environ(), "SOURCE_DSN="+j.Source, "DEST_DSN="+j.Destination)
	return measure.Run(cmd)
}

// pipeline is the job as a pipeline file. A stream's own pins are refused where they cannot hold; those of all streams
// would give way.
func (j Job) pipeline() string {
	lanes := `"auto"`
	if j.Lanes > 0 {
		lanes = fmt.Sprint(j.Lanes)
	}
	var pins strings.Builder
	for _, p := range j.Pins {
		fmt.Fprintf(&pins, "    %s = %q\n", p.Knob, p.Value)
	}
	return fmt.Sprintf(`pipeline "bench" {}

source "postgres" {
  dsn = env("SOURCE_DSN")
}

destination "postgres" {
  dsn = env("DEST_DSN")
}

stream "public.%s" {
  pin {
%s  }
}

resources {
  parallelism = %s
}

autotune {
  enabled = %t
}
`, j.Table, pins.String(), lanes, j.Tune)
}
