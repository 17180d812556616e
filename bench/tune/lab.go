package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/rapidbyte/rbt/internal/measure"
	"github.com/rapidbyte/rbt/internal/testbed"
)

// lab is where everything is measured.
type lab struct {
	machine  measure.Machine
	servers  string
	settings map[string]string
	program  *testbed.Program
	folder   string // of the program
	traces   string // a folder too
	bed      *testbed.Bed
	samples  map[string]sample
	random   *rand.Rand
	log      io.Writer
}

// openLab builds rbt and starts the servers.
func openLab(ctx context.Context, o options, log io.Writer) (_ *lab, err error) {
	l := &lab{
		machine:  measure.ThisMachine(),
		settings: settings(),
		samples:  map[string]sample{},
		random:   rand.New(rand.NewPCG(o.seed, 0)),
		log:      log,
	}
	if l.folder, err = os.MkdirTemp("", "rbt-tune-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close())
		}
	}()
	if l.traces, err = filepath.Abs(cmp.Or(o.traces, l.folder)); err != nil {
		return nil, err
	}
	if err = os.MkdirAll(l.traces, 0o755); err != nil {
		return nil, err
	}
	if l.program, err = testbed.Build(ctx, l.folder); err != nil {
		return nil, err
	}
	if l.bed, err = testbed.Start(ctx, l.settings); err != nil {
		return nil, err
	}
	l.servers, err = l.bed.Source.Version(ctx)
	return l, err
}

// settings are those of both servers. Building the key's index takes the same time whatever is tuned: memory makes it
// short.
func settings() map[string]string {
	s := testbed.Dedicated()
	s["maintenance_work_mem"] = "512MB"
	return s
}

func (l *lab) close() error {
	var err error
	if l.bed != nil {
		err = l.bed.Close()
	}
	return errors.Join(err, os.RemoveAll(l.folder))
}

// trace is the file that a run's trace goes to.
func (l *lab) trace(name string) string {
	plain := strings.NewReplacer(", ", "_", " ", "-").Replace(name)
	return filepath.Join(l.traces, plain+".jsonl")
}

// sample is a table that is filled.
type sample struct {
	table string
	rows  int64
	bytes int64 // as binary COPY sends them
}

// fill fills a table with so many rows, if it has not been filled already.
func (l *lab) fill(ctx context.Context, t testbed.Table, rows int) (sample, error) {
	t.Name = fmt.Sprintf("%s_%d", t.Name, rows)
	if s, ok := l.samples[t.Name]; ok {
		return s, nil
	}
	fmt.Fprintf(l.log, "filling %s …\n", t.Name)
	if err := t.Fill(ctx, l.bed.Source, rows); err != nil {
		return sample{}, err
	}
	bytes, err := l.bed.Source.CopyBytes(ctx, t.Name)
	if err != nil {
		return sample{}, err
	}
	s := sample{t.Name, int64(rows), bytes}
	l.samples[t.Name] = s
	return s, nil
}
