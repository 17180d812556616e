package main

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// TestPolicySays shows which lines of a policy are passed on: what it says for
// debugging only with RBT_DEBUG, in either format.
func TestPolicySays(t *testing.T) {
	levels := []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}
	for _, tc := range []struct {
		debug, format, want string
		quiet               bool
	}{
		{"", "text", "INFO WARN ERROR", false},
		{"", "json", "INFO WARN ERROR", false},
		{"1", "text", "DEBUG INFO WARN ERROR", false},
		{"1", "json", "DEBUG INFO WARN ERROR", false},
		{"1", "json", "WARN ERROR", true},
	} {
		t.Setenv("RBT_DEBUG", tc.debug)
		var out strings.Builder
		u := newUI(nil, nil, &out)
		u.quiet = tc.quiet
		if err := u.setLogFormat(tc.format); err != nil {
			t.Fatal(err)
		}
		for _, level := range levels {
			u.policySays(level, "gentle", fmt.Sprintf("it is %s.", level))
		}
		var got []string
		for line := range strings.Lines(out.String()) {
			_, level, _ := strings.Cut(line, "it is ")
			level, _, _ = strings.Cut(level, ".")
			got = append(got, level)
		}
		if got := strings.Join(got, " "); got != tc.want {
			t.Errorf("%+v:\n%s", tc, out.String())
		}
	}
}
