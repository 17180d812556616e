package main

import "testing"

func TestSparing(t *testing.T) {
	for processors, want := range map[int]int{1: 1, 2: 1, 3: 1, 4: 2, 64: 32} {
		if got := sparing(processors); got != want {
			t.Errorf("%d of %d processors, want %d", got, processors, want)
		}
	}
}
