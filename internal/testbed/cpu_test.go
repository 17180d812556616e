package testbed

import (
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	const line = "4711 (postgres: a) b) S 17 4711 4711 0 -1 4194560 1 2 3 4 100 50 300 25 20 0 1 0 99"
	got, err := parseStat(line)
	want := processTimes{parent: 17, own: 1500 * time.Millisecond, reaped: 3250 * time.Millisecond}
	if err != nil || got != want {
		t.Errorf("parseStat = %+v, %v; want %+v", got, err, want)
	}
}

func TestParseStatRefuses(t *testing.T) {
	for _, line := range []string{"", "1 (a) S 2", "1 (a) S x 3 4 5 6 7 8 9 10 11 12 13 14 15 16"} {
		if _, err := parseStat(line); err == nil {
			t.Errorf("parseStat(%q) found no mistake", line)
		}
	}
}
