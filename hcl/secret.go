package hcl

import (
	"fmt"
	"io"
)

// Secret is text that must not be printed, such as a connection string with
// its password. It formats and marshals as "(hidden)"; string(s) is the text.
type Secret string

const hidden = "(hidden)"

// Format implements [fmt.Formatter], so that no verb prints the text.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, hidden) }

// MarshalText implements [encoding.TextMarshaler].
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }
