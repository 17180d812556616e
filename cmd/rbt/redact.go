package main

// What a trace must not hold is rows: a trace is sent to colleagues and kept
// in repositories of policies. The runtime's records have none, but what a
// server says against a statement may quote them, in its message ("invalid
// input syntax for type integer: …"), its detail ("Failing row contains …")
// and its context ("COPY orders, line 7: …"). A function of the user's may
// raise anything under any SQLSTATE. So none of a server's own words are kept:
// only what rbt was doing, and the SQLSTATE with its class.

import (
	"errors"
	"regexp"
	"strings"
)

// errorText writes an error without what a server said.
func errorText(err error) string {
	var server interface {
		error
		SQLState() string
	}
	if err == nil {
		return ""
	}
	if !errors.As(err, &server) {
		return redact(err.Error())
	}
	doing, _, _ := strings.Cut(err.Error(), server.Error())
	return oneLine(redact(doing) + stateText(server.SQLState()))
}

// stateOf is the SQLSTATE of an error that a server sent.
func stateOf(err error) string {
	var server interface{ SQLState() string }
	if errors.As(err, &server) {
		return server.SQLState()
	}
	return ""
}

var (
	stated   = regexp.MustCompile(`\(SQLSTATE ([0-9A-Z]{5})\)`)
	severity = regexp.MustCompile(`(?:ERROR|FATAL|PANIC): `)
	quotes   = regexp.MustCompile(`(?s)(?:DETAIL|CONTEXT):|Failing row contains|Key \(|COPY \S+, line \d+`)
)

// redact does the same for an error of which only the text is left. A server
// that speaks another language leaves no sign of where its words begin: then
// only the SQLSTATE is kept.
func redact(text string) string {
	if m := stated.FindStringSubmatchIndex(text); m != nil {
		doing := ""
		if at := severity.FindStringIndex(text[:m[0]]); at != nil {
			doing = text[:at[0]]
		}
		text = doing + stateText(text[m[2]:m[3]])
	}
	if at := quotes.FindStringIndex(text); at != nil {
		text = text[:at[0]] + "…"
	}
	return oneLine(text)
}

// stateText names the class of an SQLSTATE, as the SQL standard and
// PostgreSQL's manual do.
func stateText(state string) string {
	classes := map[string]string{
		"08": "connection exception", "0A": "feature not supported", "21": "cardinality violation",
		"22": "data exception", "23": "integrity constraint violation", "25": "invalid transaction state",
		"28": "invalid authorization", "38": "external routine exception", "39": "external routine invocation exception",
		"3D": "invalid catalog name", "3F": "invalid schema name", "40": "transaction rollback",
		"42": "syntax error or access rule violation", "44": "check option violation", "53": "insufficient resources",
		"54": "program limit exceeded", "55": "object not in prerequisite state", "57": "operator intervention",
		"58": "system error", "P0": "PL/pgSQL error", "XX": "internal error",
	}
	text := "SQLSTATE " + state
	if class := classes[state[:min(2, len(state))]]; class != "" {
		text += " (" + class + ")"
	}
	return text
}
