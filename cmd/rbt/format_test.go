package main

import (
	"testing"
	"time"
)

func TestFormatTook(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                                   "0.0 s",
		4640 * time.Millisecond:             "4.6 s",
		70 * time.Second:                    "1m10s",
		2 * time.Minute:                     "2m",
		time.Hour:                           "1h0m",
		time.Hour + 10*time.Minute + 1400e6: "1h10m1s",
	} {
		if got := formatTook(d); got != want {
			t.Errorf("formatTook(%d) = %q, want %q", d, got, want)
		}
	}
}

func TestShellQuote(t *testing.T) {
	for arg, want := range map[string]string{
		"pipeline.hcl": "pipeline.hcl",
		"":             "''",
		"it's here":    `'it'\''s here'`,
		"a$b":          "'a$b'",
	} {
		if got := shellQuote(arg); got != want {
			t.Errorf("shellQuote(%q) = %s, want %s", arg, got, want)
		}
	}
}
