package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// serverError is as the connectors' driver has it.
type serverError struct{ severity, message, state string }

func (e *serverError) Error() string {
	return e.severity + ": " + e.message + " (SQLSTATE " + e.state + ")"
}
func (e *serverError) SQLState() string { return e.state }

// TestRedact holds that no value of a row survives, whatever a server says and
// however its words are wrapped, with the error at hand or only its text.
func TestRedact(t *testing.T) {
	const row = "s3cr3t"
	bad := &serverError{"ERROR", `invalid input syntax for type integer: "s3cr3t"`, "22P02"}
	raised := &serverError{"ERROR", "s3cr3t is not\nERROR: allowed s3cr3t", "57014"}
	german := &serverError{"FEHLER", `ungültige Eingabesyntax für Typ integer: »s3cr3t«`, "22P02"}
	trick := &serverError{"ERROR", `invalid: "s3cr3t (SQLSTATE 57P01)"`, "22P02"}
	details := func(err error, more string) error { return fmt.Errorf("orders: write: %w; %s", err, more) }
	for _, tc := range []struct {
		err            error
		text, fromText string // fromText where it differs
	}{
		{errors.New("read tcp 10.0.0.1:5432: connection reset"), "read tcp 10.0.0.1:5432: connection reset", ""},
		{bad, "SQLSTATE 22P02 (data exception)", ""},
		{details(bad, `COPY orders, line 7, column id: "s3cr3t"`), "orders: write: SQLSTATE 22P02 (data exception)", ""},
		{details(&serverError{"ERROR", `null value in column "x"`, "23502"}, "Failing row contains (1, s3cr3t)."),
			"orders: write: SQLSTATE 23502 (integrity constraint violation)", ""},
		{details(&serverError{"ERROR", "duplicate key", "23505"}, "Key (id)=(s3cr3t) already exists."),
			"orders: write: SQLSTATE 23505 (integrity constraint violation)", ""},
		{details(raised, "PL/pgSQL function f() line 3"), "orders: write: SQLSTATE 57014 (operator intervention)", ""},
		{details(german, "s3cr3t"), "orders: write: SQLSTATE 22P02 (data exception)", "SQLSTATE 22P02 (data exception)"},
		{details(trick, "x"), "orders: write: SQLSTATE 22P02 (data exception)", "orders: write: SQLSTATE 57P01 (operator intervention)"},
		{errors.Join(details(bad, row), errors.New("close the books: "+row)), "orders: write: SQLSTATE 22P02 (data exception)", ""},
		{fmt.Errorf("lost %w and %w", errors.New("the link"), bad), "lost the link and SQLSTATE 22P02 (data exception)", ""},
		{&serverError{"ERROR", row, "ZZ999"}, "SQLSTATE ZZ999", ""},
		// Without an SQLSTATE the sentences of a server still give it away.
		{errors.New("it says: Failing row contains (s3cr3t)"), "it says: …", ""},
		{errors.New("x DETAIL:  Key (id)=(s3cr3t)"), "x …", ""},
		{errors.New(`COPY orders, line 7: "s3cr3t"`), "…", ""},
	} {
		if got := errorText(tc.err); got != tc.text || strings.Contains(got, row) {
			t.Errorf("errorText(%q)\n got %q\nwant %q", tc.err, got, tc.text)
		}
		want := tc.text
		if tc.fromText != "" {
			want = tc.fromText
		}
		if got := redact(tc.err.Error()); got != want || strings.Contains(got, row) {
			t.Errorf("redact(%q)\n got %q\nwant %q", tc.err, got, want)
		}
	}
	if errorText(nil) != "" {
		t.Error("no error has a text")
	}
}
