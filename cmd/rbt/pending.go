//go:build !engine

package main

// This file stands in for engine.go until the destination has landed. It goes
// then, and newDestination moves into wire.go.

import (
	"context"
	"errors"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/hcl"
	"github.com/rapidbyte/rbt/policy"
)

var errPending = errors.New("this build has no destination")

type pendingDestination struct{ connectors.Destination }

func newDestination(*hcl.Pipeline) connectors.Destination { return pendingDestination{} }

func (pendingDestination) Knobs() []policy.Knob {
	return []policy.Knob{
		{Name: "copy_flush_bytes", Owner: policy.Destination, Kind: policy.Bytes, Min: 1 << 20, Max: 32 << 20},
		{Name: "copy_format", Owner: policy.Destination, Kind: policy.Enum, Values: []string{"binary", "text"}},
	}
}

func (pendingDestination) Targets(context.Context, []*connectors.Stream) ([]*connectors.Target, error) {
	return nil, errPending
}

func (pendingDestination) Begin(context.Context, connectors.Run) (connectors.Load, error) {
	return nil, errPending
}
