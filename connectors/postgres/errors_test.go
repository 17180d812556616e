package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rapidbyte/rbt/connectors"
)

func TestErrorClass(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{errors.New("a policy of its own"), ""},
		{connectors.ErrSnapshotLost, ""},
		{wrap("copy", context.Canceled), ""},
		{wrap("copy", errors.New("the part ends in the middle of a row")), ""},
		{wrap("copy", &pgconn.PgError{Code: "57P01"}), "57"},
		{onDestination(wrap("copy", &pgconn.PgError{Code: "40001"})), "40"},
		{wrap("copy", errors.Join(io.EOF, &pgconn.PgError{Code: "53300"})), "53"},
		{wrap("copy", &pgconn.PgError{Code: "?"}), ""},
		{wrap("copy", io.ErrUnexpectedEOF), "network"},
		{wrap("copy", fmt.Errorf("write: %w", syscall.ECONNRESET)), "network"},
		{wrap("connect", &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), "network"},
	} {
		if got := connectors.ErrorClass(tc.err); got != tc.want {
			t.Errorf("%v is of class %q, want %q", tc.err, got, tc.want)
		}
	}
}
