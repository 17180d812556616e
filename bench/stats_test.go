package main

import "testing"

func TestSpreadOf(t *testing.T) {
	for _, c := range []struct {
		name    string
		numbers []float64
		want    spread
	}{
		{"none", nil, spread{}},
		{"one", []float64{2}, spread{2, 2, 2}},
		{"odd, not sorted", []float64{3, 1, 9}, spread{3, 1, 9}},
		{"even", []float64{4, 1, 3, 2}, spread{2.5, 1, 4}},
	} {
		if got := spreadOf(c.numbers); got != c.want {
			t.Errorf("%s: spreadOf = %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestSpreadOfKeepsTheOrder(t *testing.T) {
	numbers := []float64{3, 1, 2}
	spreadOf(numbers)
	if numbers[0] != 3 {
		t.Errorf("the numbers were sorted in place: %v", numbers)
	}
}
