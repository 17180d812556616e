package main

// This is the only file that knows all packages.

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/oklog/ulid/v2"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/connectors/postgres"
	"github.com/rapidbyte/rbt/hcl"
	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/runtime"
)

// job is a pipeline with what carries it out.
type job struct {
	pipeline    *hcl.Pipeline
	source      connectors.Source
	destination connectors.Destination
	untuned     string // why nothing is tuned, in words for people
	tuner       tuner  // see openTuner
}

// openJob reads a pipeline file. It connects to nothing yet.
func openJob(path string, variables []string) (*job, error) {
	p, err := loadPipeline(path, variables)
	if err != nil {
		return nil, err
	}
	return newJob(p)
}

func newJob(p *hcl.Pipeline) (*job, error) {
	untuned, err := autotuneOff(p)
	if err != nil {
		return nil, err
	}
	options, err := sourceOptions()
	if err != nil {
		return nil, err
	}
	return &job{
		pipeline:    p,
		untuned:     untuned,
		tuner:       tuner{policy: builtin.New()},
		source:      postgres.NewSource(sourceConfig(p), options),
		destination: postgres.NewDestination(destinationConfig(p), destinationOptions(p)),
	}, nil
}

// candidates are the values that the policy begins with for a knob that stands
// at a value, that value among them.
func candidates(k policy.Knob, at policy.Value) []policy.Value { return builtin.Candidates(k, at) }

func sourceConfig(p *hcl.Pipeline) postgres.Config {
	return postgres.Config{DSN: string(p.Source.DSN), Pipeline: p.Name, LockTimeout: p.Source.LockTimeout, Salt: string(p.Source.Salt)}
}

// sourceOptions are what the environment says.
func sourceOptions() (postgres.SourceOptions, error) {
	o := postgres.SourceOptions{PartitionMode: os.Getenv(postgres.DebugPartitionMode)}
	if err := o.Check(); err != nil {
		return o, usage(fmt.Errorf("%s: %w", postgres.DebugPartitionMode, err), "unset "+postgres.DebugPartitionMode)
	}
	return o, nil
}

func destinationConfig(p *hcl.Pipeline) postgres.Config {
	return postgres.Config{DSN: string(p.Destination.DSN), Pipeline: p.Name, LockTimeout: p.Destination.LockTimeout}
}

func destinationOptions(p *hcl.Pipeline) postgres.DestinationOptions {
	o := postgres.DestinationOptions{ForeignKeys: p.Destination.ForeignKeys, SkipAnalyze: !p.Destination.Analyze}
	if p.Destination.Compression != hcl.SourceCompression {
		o.Compression = p.Destination.Compression
	}
	return o
}

// maxLanes is the largest worker_cap that a pipeline file may ask for.
const maxLanes = 256

// allKnobs are those that a pipeline may pin.
func allKnobs() []policy.Knob {
	source, destination := postgres.NewSource(postgres.Config{}, postgres.SourceOptions{}), postgres.NewDestination(postgres.Config{}, postgres.DestinationOptions{})
	return slices.Concat(runtime.Knobs(maxLanes), source.Knobs(), destination.Knobs())
}

// config asks the source what there is and says what the engine shall do. Where
// tables of some streams are not there, it is that of the others, with the error.
func (j *job) config(ctx context.Context) (runtime.Config, error) {
	tables, err := j.source.Tables(ctx)
	if err != nil {
		return runtime.Config{}, err
	}
	streams, err := expand(j.pipeline, tables)
	p, runID := j.pipeline, ulid.Make().String()
	return runtime.Config{
		Source:      j.source,
		Destination: j.destination,
		Run:         connectors.Run{ID: runID, Pipeline: p.Name, Version: rbtVersion()},
		Streams:     streams,
		Pins:        p.Pins,
		Parallelism: p.Resources.Parallelism,
		WorkerCap:   p.Resources.WorkerCap,
		MaxMemory:   p.Resources.MaxMemory,
		PartBytes:   p.Checkpoint.PartSize,
		RetryFor:    p.Resources.RetryFor,
		Autotune:    j.autotune(runID),
		Untuned:     j.untuned,
	}, err
}

// books are those of the destination.
func (j *job) books() *postgres.Destination {
	return postgres.NewDestination(destinationConfig(j.pipeline), destinationOptions(j.pipeline))
}

// compare compares the targets with their streams' tables.
func (j *job) compare(ctx context.Context, targets []*connectors.Target, done func(postgres.Comparison)) ([]postgres.Comparison, error) {
	return postgres.Verify(ctx, sourceConfig(j.pipeline), destinationConfig(j.pipeline), targets,
		postgres.VerifyOptions{Done: done})
}
