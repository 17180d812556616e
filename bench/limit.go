package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/rapidbyte/rbt/internal/testbed"
)

// limit is the processor time of what no copy through COPY can do without.
type limit struct {
	read, write float64 // CPU seconds of the source and of the destination
}

// limit has the source write its tables to nowhere, and the destination read them from memory, both without a client.
func (r *race) limit(ctx context.Context, w workload) (l limit, err error) {
	folder, err := memoryFolder()
	if err != nil {
		return l, err
	}
	defer os.RemoveAll(folder)
	if err := r.bed.Clear(ctx); err != nil {
		return l, err
	}
	if _, err := bash(ctx, schema("pre-data"), r.env, r.folder); err != nil {
		return l, err
	}
	var toNowhere, toMemory, fromMemory []string
	for _, t := range w.tables {
		file := filepath.Join(folder, t.Name)
		toNowhere = append(toNowhere, "COPY "+t.Name+" TO '/dev/null' (FORMAT binary)")
		toMemory = append(toMemory, "COPY "+t.Name+" TO '"+file+"' (FORMAT binary)")
		fromMemory = append(fromMemory, "COPY "+t.Name+" FROM '"+file+"' (FORMAT binary)")
	}
	if err := r.bed.Source.Exec(ctx, toMemory...); err != nil {
		return l, err
	}
	if l.read, err = cpuOf(ctx, r.bed.Source, toNowhere); err != nil {
		return l, err
	}
	l.write, err = cpuOf(ctx, r.bed.Destination, fromMemory)
	return l, err
}

// memoryFolder is one that servers of any account may write to, in memory where the system has such.
func memoryFolder() (string, error) {
	parent := "/dev/shm"
	if _, err := os.Stat(parent); err != nil {
		parent = "/tmp"
	}
	folder, err := os.MkdirTemp(parent, "rbt-bench-")
	if err != nil {
		return "", err
	}
	return folder, os.Chmod(folder, 0o777|os.ModeSticky)
}

// cpuOf is what the statements take of a server's processors, in seconds.
func cpuOf(ctx context.Context, s *testbed.Server, statements []string) (float64, error) {
	before, err := s.CPU(ctx)
	if err != nil {
		return 0, err
	}
	if err := s.Exec(ctx, statements...); err != nil {
		return 0, err
	}
	after, err := s.CPU(ctx)
	return (after - before).Seconds(), err
}
