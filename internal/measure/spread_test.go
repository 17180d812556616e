package measure

import "testing"

func TestSpreadOf(t *testing.T) {
	for _, c := range []struct {
		name    string
		numbers []float64
		want    Spread
	}{
		{"none", nil, Spread{}},
		{"one", []float64{2}, Spread{2, 2, 2}},
		{"odd, not sorted", []float64{3, 1, 9}, Spread{3, 1, 9}},
		{"even", []float64{4, 1, 3, 2}, Spread{2.5, 1, 4}},
	} {
		if got := SpreadOf(c.numbers); got != c.want {
			t.Errorf("%s: SpreadOf = %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestSpreadOfKeepsTheOrder(t *testing.T) {
	numbers := []float64{3, 1, 2}
	SpreadOf(numbers)
	if numbers[0] != 3 {
		t.Errorf("the numbers were sorted in place: %v", numbers)
	}
}
