package main

import "testing"

func TestHoldsPassword(t *testing.T) {
	for dsn, want := range map[string]bool{
		"postgres://me@host/db":              false,
		"postgres://me:secret@host/db":       true,
		"host=h password=secret":             true,
		"host=h user=me":                     false,
		"postgres://host/db?password=secret": true,
	} {
		if got := holdsPassword(dsn); got != want {
			t.Errorf("holdsPassword(%q) = %v", dsn, got)
		}
	}
}

func TestAmbiguousDSN(t *testing.T) {
	for dsn, want := range map[string]bool{
		"postgres://me:secret@host/db":             false,
		"postgres://me%40corp:s%2Fx@a:1,b:2/db":    false,
		"postgres://host/db?user=me@corp":          false,
		"host=h password=a@b/c@d":                  false,
		"host=h password='x://a@b@c'":              false,
		"postgres://me:p@ss@host/db":               true,
		"postgres://me:p/ss@host/db":               true,
		"postgres://me:p@ss/word@host/db":          true,
		"postgresql://me:secret@host/db#fragments": true,
	} {
		if got := ambiguousDSN(dsn); got != want {
			t.Errorf("ambiguousDSN(%q) = %v", dsn, got)
		}
	}
}
