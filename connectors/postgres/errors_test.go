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

func TestRefusesRow(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]bool{
		"22003": true, "23505": true, "23514": true, "44000": true, "P0001": true, "54000": true,
		"45000": true, "U0001": true, "ABCDE": true, "09000": true, "20000": true, // what a trigger may raise
		"22P04": false, "23503": false, "08006": false, "40001": false, "42501": false, "53100": false, "54001": false,
		"55P03": false, "57P01": false, "58030": false, "XX000": false, "": false,
	} {
		if got := refusesRow(&pgconn.PgError{Code: code}); got != want {
			t.Errorf("%q refuses a row: %t, want %t", code, got, want)
		}
	}
}
