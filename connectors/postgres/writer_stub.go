package postgres

import (
	"context"
	"errors"

	"github.com/rapidbyte/rbt/connectors"
)

func newWriter(context.Context, Config) (connectors.Writer, error) { return nil, errors.New("not yet") }
