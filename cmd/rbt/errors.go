package main

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/agext/levenshtein"

	"github.com/rapidbyte/rbt/connectors"
)

// errReported ends a command with exit code 1 whose result already says why.
var errReported = errors.New("already reported")

// usageError is a command line that asks for what there is not.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// fileError is all that is wrong with a pipeline file.
type fileError struct{ errs []error }

func (e *fileError) Error() string   { return errors.Join(e.errs...).Error() }
func (e *fileError) Unwrap() []error { return e.errs }

// mistakesOf joins what is wrong with a file, found in two ways.
func mistakesOf(a, b error) error {
	var one, other *fileError
	if errors.As(a, &one) && errors.As(b, &other) {
		return &fileError{slices.Concat(one.errs, other.errs)}
	}
	return errors.Join(a, b)
}

// hintedError carries what to do about it.
type hintedError struct {
	error
	hints []string
}

func (e *hintedError) Unwrap() error { return e.error }

func withHints(err error, hints ...string) error {
	return &hintedError{err, hints}
}

// usage is a usage error with what to type instead.
func usage(err error, hints ...string) error {
	return &usageError{withHints(err, hints...)}
}

// hints returns what to do about an error: what it carries, else what its
// cause suggests.
func hints(err error) []string {
	var own *hintedError
	if errors.As(err, &own) {
		return own.hints
	}
	var state interface{ SQLState() string }
	var dns *net.DNSError
	switch {
	case connectors.BadRow(err):
		return badRowHints(err)
	case errors.As(err, &state) && stateHint(state.SQLState()) != "":
		return []string{stateHint(state.SQLState())}
	case errors.As(err, &dns):
		return []string{"is the host in the DSN spelt right, and known on this machine?"}
	case errors.Is(err, syscall.ECONNREFUSED):
		return []string{"is the server running, and does it listen on that host and port?"}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		return []string{"is a firewall between here and the server?"}
	}
	return nil
}

func badRowHints(err error) []string {
	tries := []string{`mend the row at the source; on_bad_row = "reject" puts such rows aside`}
	var state interface{ SQLState() string }
	if errors.As(err, &state) && state.SQLState() == "23505" {
		tries = append(tries, `write_mode = "upsert", if the stream appends rows that are there from a run before`)
	}
	return tries
}

// stateHint knows the SQLSTATEs that a person can do something about.
func stateHint(state string) string {
	switch {
	case state == "28P01":
		return "check user and password in the DSN, or set PGPASSWORD"
	case state == "28000":
		return "check the user in the DSN; if it is right, let it connect from here, in the server's pg_hba.conf"
	case state == "3D000":
		return "check the database in the DSN"
	case state == "42501":
		return "let the user of the DSN do this (GRANT), or use another user"
	case state == "55P03":
		return "end the statement that holds, or waits for, a lock on that table: pg_stat_activity and pg_locks show it"
	case state == "53300":
		return "lower resources { worker_cap }, or raise the server's max_connections"
	case state == "53100":
		return "make room on that server's disk, then run the same command again"
	case strings.HasPrefix(state, "57P"):
		return "run the same command again when the server is back: it takes the run up"
	}
	return ""
}

// nearest returns the known name that was probably meant, or "".
func nearest(name string, known []string) string {
	best, bestDistance := "", max(2, len(name)/3)+1
	for _, k := range known {
		if d := levenshtein.Distance(strings.ToLower(name), strings.ToLower(k), nil); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}
