package main

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/rapidbyte/rbt/connectors/postgres"
	"github.com/rapidbyte/rbt/hcl"
)

// ambiguousDSN reports whether a password may be taken for another part of a
// DSN. In postgres://me:p@ss/word@host/db the host would be "ss" and the
// database "word@host/db", and the error that they do not exist would print
// half of the password.
func ambiguousDSN(dsn string) bool {
	_, rest, isURL := strings.Cut(dsn, "://")
	if !isURL || strings.ContainsAny(dsn[:len(dsn)-len(rest)], " =") {
		return false
	}
	rest, _, _ = strings.Cut(rest, "?")
	_, path, _ := strings.Cut(rest, "/")
	return strings.Count(rest, "@") > 1 || strings.ContainsAny(path, "@#")
}

const (
	ambiguousText = "the DSN is ambiguous: the user or the password holds a character that means something in a URL"
	ambiguousHint = "write @ as %40, : as %3A, / as %2F, ? as %3F, # as %23 and % as %25"
)

const dsnForms = "write postgres://user@host:port/database, or host=… port=… user=… dbname=…"

// checkDSN returns what is wrong with a DSN, and what would be right.
func checkDSN(dsn string) (wrong, hint string) {
	if ambiguousDSN(dsn) {
		return ambiguousText, ambiguousHint
	}
	if err := (postgres.Config{DSN: dsn}).Check(); err != nil {
		return err.Error(), dsnForms
	}
	return "", ""
}

func checkDSNs(p *hcl.Pipeline) []error {
	var errs []error
	check := func(dsn hcl.Secret, pos hcl.Pos) {
		if wrong, hint := checkDSN(string(dsn)); wrong != "" {
			errs = append(errs, p.ErrorAt(pos, wrong, hint))
		}
	}
	check(p.Source.DSN, p.Source.Pos)
	check(p.Destination.DSN, p.Destination.Pos)
	return errs
}

var passwordWord = regexp.MustCompile(`(?i)(^|[\s?&])password\s*=`)

// holdsPassword reports whether a DSN has a password in it.
func holdsPassword(dsn string) bool {
	if u, err := url.Parse(dsn); err == nil && u.User != nil {
		if _, ok := u.User.Password(); ok {
			return true
		}
	}
	return passwordWord.MatchString(dsn)
}
