package main

import (
	"fmt"
	"strings"
	"testing"
)

// badRow is an error of a row that a destination refused.
type badRow struct{ *serverError }

func (badRow) BadRow() bool { return true }

// TestHints holds that a hint names each cause that a state may have.
func TestHints(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want []string
	}{
		{&serverError{"FATAL", `role "nobody" does not exist`, "28000"}, []string{"check the user", "pg_hba.conf"}},
		{badRow{&serverError{"ERROR", "duplicate key value", "23505"}}, []string{"on_bad_row", `write_mode = "upsert"`}},
	} {
		got := strings.Join(hints(fmt.Errorf("write: %w", tc.err)), "\n")
		for _, want := range tc.want {
			if !strings.Contains(got, want) {
				t.Errorf("%v: %q does not say %q", tc.err, got, want)
			}
		}
	}
}
