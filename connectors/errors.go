package connectors

import (
	"errors"
	"fmt"
)

// StreamError is what keeps a stream from being copied, found before any of it
// is. Attribute names what of the pipeline's stream block is to blame, where
// something is: "columns", "where", "column email".
type StreamError struct {
	Stream    string
	Attribute string
	Err       error
}

func (e *StreamError) Error() string {
	if e.Attribute != "" {
		return fmt.Sprintf("%s: %s: %v", e.Stream, e.Attribute, e.Err)
	}
	return fmt.Sprintf("%s: %v", e.Stream, e.Err)
}

func (e *StreamError) Unwrap() error { return e.Err }

// Retryable reports whether doing the same again, perhaps on a new connection,
// may succeed. Connectors say so by an error in the chain with a method
// Retryable() bool.
func Retryable(err error) bool {
	var r interface{ Retryable() bool }
	return errors.As(err, &r) && r.Retryable()
}

// BadRow reports whether a destination refused a row for what is in it: another
// row may well be taken. Connectors say so by an error in the chain with a method
// BadRow() bool.
func BadRow(err error) bool {
	var r interface{ BadRow() bool }
	return errors.As(err, &r) && r.BadRow()
}

// ErrorClass names the kind of an error, to count errors by: "network" for a
// connection that broke or never came about, else what the database calls its
// kind, such as "57" of SQLSTATE 57P01; empty where nothing is known. Connectors
// say so by an error in the chain with a method Class() string.
func ErrorClass(err error) string {
	var c interface{ Class() string }
	if errors.As(err, &c) {
		return c.Class()
	}
	return ""
}

// TooManyRejectsError ends a run with more bad rows in a stream than it allows.
type TooManyRejectsError struct {
	Max  int64
	Last string // why the last of them was refused; empty where that is not known
}

func (e *TooManyRejectsError) Error() string {
	text := fmt.Sprintf("the destination refuses more than max_rejects = %d rows", e.Max)
	if e.Last != "" {
		text += ", the last because " + e.Last
	}
	return text + "; mend the rows, or raise max_rejects"
}
