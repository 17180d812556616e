package hcl

import "testing"

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		`cannot connect to postgres://u:s3c@r3t@h/db`: `cannot connect to postgres://u:***`,
		`postgres://host/db is not up`:                `postgres://host/db is not up`,
		`host=h password='s3 cr3t' user=u`:            `host=h password=***`,
		`{ "apiToken": "s3cr3t" }`:                    `{ "apiToken": ***`,
		`PGPASSWORD = s3cr3t`:                         `PGPASSWORD = ***`,
		`dsn = "s3cr3t`:                               `dsn = "***`,
		`unknown attribute "password"`:                `unknown attribute "password"`,
		"bell \a and \x1b[31mred":                     "bell � and �[31mred",
	} {
		if got := clean(text); got != want {
			t.Errorf("clean(%q) = %q, want %q", text, got, want)
		}
	}
}
