package connectors

import "errors"

// Retryable reports whether doing the same again, perhaps on a new connection,
// may succeed. Connectors say so by an error in the chain with a method
// Retryable() bool.
func Retryable(err error) bool {
	var r interface{ Retryable() bool }
	return errors.As(err, &r) && r.Retryable()
}
