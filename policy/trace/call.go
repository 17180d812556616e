package trace

import (
	"encoding/json"
	"time"
)

// NewCall makes the record of a policy call. failure says what went wrong, and
// is empty where the policy answered. What JSON cannot hold, such as a score
// that is not a number, is a failure too.
func NewCall(stream string, seq int, op string, input, output any, failure string, took time.Duration) Call {
	c := Call{Stream: stream, Seq: seq, Op: op, Error: failure, Millis: millis(took)}
	text := func(v any, what string) json.RawMessage {
		b, err := json.Marshal(v)
		if err != nil && c.Error == "" {
			c.Error = "the " + what + " is no JSON: " + err.Error()
		}
		return b
	}
	c.Input = text(input, "input")
	if failure == "" {
		c.Output = text(output, "output")
	}
	return c
}

// Seconds is d as records have it, to the microsecond.
func Seconds(d time.Duration) float64 { return d.Round(time.Microsecond).Seconds() }

func millis(d time.Duration) float64 { return float64(d.Round(time.Microsecond)) / 1e6 }
