//go:build engine

package main

import (
	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/connectors/postgres"
	"github.com/rapidbyte/rbt/hcl"
)

func newDestination(p *hcl.Pipeline) connectors.Destination {
	return postgres.NewDestination(destinationConfig(p), postgres.DestinationOptions{ForeignKeys: p.Destination.ForeignKeys})
}
