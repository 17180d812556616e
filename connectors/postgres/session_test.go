package postgres

import (
	"strings"
	"testing"
)

// TestBadDSN holds that no error shows a password.
func TestBadDSN(t *testing.T) {
	for _, dsn := range []string{
		"postgres://u:s3cret@h:x/d", "postgres://u:s3%cret@h/d", "postgres://u@h:x/d?password=s3cret",
		"host=h password=s3cret port=x", "host=h password = s3cret port=x", `host=h password=a\ s3cret port=x`,
		"host=h port=x password='a s3cret", "s3cret",
	} {
		_, err := Config{DSN: dsn}.parse()
		if err == nil || strings.Contains(err.Error(), "cret") || !strings.HasPrefix(err.Error(), "read the DSN: ") {
			t.Errorf("%s: %v", dsn, err)
		}
	}
}
