package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rapidbyte/rbt/connectors"
)

// opError says what was being done when a server or a connection failed, and
// whether it may work the next time.
type opError struct {
	doing string
	err   error
	retry bool
	row   bool // the destination refused a row for what is in it
}

func (e *opError) Error() string   { return e.doing + ": " + describe(e.err) }
func (e *opError) Unwrap() error   { return e.err }
func (e *opError) Retryable() bool { return e.retry }
func (e *opError) BadRow() bool    { return e.row }

// Class is that of the SQLSTATE, or of a connection that broke.
func (e *opError) Class() string {
	var pg *pgconn.PgError
	switch {
	case errors.As(e.err, &pg) && len(pg.Code) == 5:
		return pg.Code[:2]
	case broken(e.err):
		return "network"
	}
	return ""
}

// wrap adds what was being done to an error of a server or a connection.
func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return &opError{doing: doing, err: err, retry: mayPass(err)}
}

// wrapUntold wraps an error that does not say yet what was being done.
func wrapUntold(doing string, err error) error {
	var told *opError
	if errors.As(err, &told) {
		return err
	}
	return wrap(doing, err)
}

// onDestination names the side that an error is of. A lock that another run
// holds speaks for itself.
func onDestination(err error) error {
	var locked *connectors.LockedError
	if err == nil || errors.As(err, &locked) {
		return err
	}
	return fmt.Errorf("destination: %w", err)
}

// describe adds to a server's message what it says besides.
func describe(err error) string {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err.Error()
	}
	text := []string{err.Error()}
	for _, more := range []string{pg.Detail, pg.Hint, pg.Where} {
		if more != "" {
			text = append(text, strings.ReplaceAll(more, "\n", "; "))
		}
	}
	return strings.Join(text, "; ")
}

// mayPass decides by SQLSTATE, and for errors that no server sent by their
// kind, whether doing the same again may succeed.
func mayPass(err error) bool {
	if errors.Is(err, context.Canceled) {
		return false // a deadline may be connect_timeout's: whose own has passed looks at its context
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		// A mark that is there already: the part was committed after all.
		return passingState(pg.Code) || pg.SchemaName == "_rbt" && pg.TableName == "marks"
	}
	if connectors.Retryable(err) { // it says so itself
		return true
	}
	return broken(err)
}

// refusesRow reports whether a server's error is about what is in a row: its data,
// a constraint, what a trigger or a function says of it.
func refusesRow(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.SchemaName == "_rbt" || len(pg.Code) != 5 {
		return false
	}
	switch pg.Code[:2] {
	case "22": // data exceptions, but for what would be a mistake of rbt's
		return pg.Code != "22P04"
	case "23": // a foreign key is about other rows too, which may be yet to come
		return pg.Code != "23503"
	case "09", "20", "38", "39", "44", "P0": // triggers, CASE, functions, WITH CHECK OPTION, RAISE
		return true
	}
	return pg.Code == "54000" || // an index entry that is too long
		!slices.Contains(serverClasses, pg.Code[:2]) // RAISE … USING ERRCODE
}

// serverClasses are those of the SQLSTATEs that PostgreSQL has a name for. Only
// what people wrote raises one of another class.
var serverClasses = strings.Fields(`00 01 02 03 08 09 0A 0B 0F 0L 0P 0Z 10 20 21 22 23 24 25 26 27 28 2B 2D 2F
	34 38 39 3B 3D 3F 40 42 44 53 54 55 57 58 72 F0 HV P0 XX`)

// broken reports whether a connection ended, or never came about.
func broken(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		pgconn.SafeToRetry(err)
}

// hasState reports whether a server's error has one of the SQLSTATEs.
func hasState(err error, codes ...string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && slices.Contains(codes, pg.Code)
}

// passingState reports whether an SQLSTATE stands for something that passes.
func passingState(code string) bool {
	if strings.HasPrefix(code, "08") { // connection exceptions
		return true
	}
	switch code {
	case "57P01", "57P02", "57P03", // shut down, crashed, starting up
		"57014",          // cancelled by somebody else: rbt's own cancels end in a context error
		"53300",          // too many connections
		"55P03",          // lock_timeout
		"25P03", "57P05", // idle time-outs
		"40001", "40P01": // serialization failure (also a standby's conflict), deadlock
		return true
	}
	return false
}
