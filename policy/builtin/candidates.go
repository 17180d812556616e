package builtin

import (
	"math"
	"slices"

	"github.com/rapidbyte/rbt/policy"
)

// Knobs that the policy knows more of than their kind.
const (
	knobMode        = "partition_mode"
	knobParallelism = "parallelism"
	knobFlush       = "copy_flush_bytes"
	knobFormat      = "copy_format"
)

// order is in which order knobs are tried, those that matter most first: a
// wrong mode or parallelism costs several times the rate, a flush size that
// much only far away. Others follow in the order in which they are declared.
func order() []string { return []string{knobMode, knobParallelism, knobFlush, knobFormat} }

// Candidates are the values that are tried of a knob that stands at a value,
// that value among them, in ascending order for numbers:
//
//	enum              every value that the stream supports
//	copy_flush_bytes  4, 8 and 16 MiB
//	any other number  half, the same, and half as much again
//
// All are within the knob's bounds.
func Candidates(k policy.Knob, at policy.Value) []policy.Value {
	if k.Kind == policy.Enum {
		var values []policy.Value
		for _, name := range k.Values {
			values = append(values, policy.EnumValue(name))
		}
		return values
	}
	if k.Name == knobFlush {
		return within(k, at.Int, 4<<20, 8<<20, 16<<20)
	}
	return within(k, at.Int, at.Int/2, rounded(step*float64(at.Int)))
}

// Further are the values to try where the best of those tried is the smallest
// or the largest of them: one more step in that direction, down by half or up by
// a factor; a flush size always doubles.
func Further(k policy.Knob, at policy.Value, tried []policy.Value, factor float64) []policy.Value {
	if k.Kind == policy.Enum || len(tried) < 2 {
		return nil
	}
	smallest, largest := at.Int, at.Int
	for _, v := range tried {
		smallest, largest = min(smallest, v.Int), max(largest, v.Int)
	}
	down, up := at.Int/2, rounded(factor*float64(at.Int))
	if k.Name == knobFlush {
		up = 2 * at.Int
	}
	switch at.Int {
	case largest:
		return beyond(k, at, up)
	case smallest:
		return beyond(k, at, down)
	}
	return nil
}

// step is by what factor a number goes up at first, and leap by what factor it
// goes on where that has gained much.
const (
	step = 1.5
	leap = 2
)

// rounded is x, rounded to the nearest whole number, up from the middle.
func rounded(x float64) int64 { return int64(math.Floor(x + 0.5)) }

// beyond is the one value n, clamped, unless that is where the knob stands.
func beyond(k policy.Knob, at policy.Value, n int64) []policy.Value {
	v := policy.IntValue(min(max(n, k.Min), k.Max))
	if v == at {
		return nil
	}
	return []policy.Value{v}
}

// within clamps numbers to the knob's bounds, and sorts them.
func within(k policy.Knob, numbers ...int64) []policy.Value {
	for i, n := range numbers {
		numbers[i] = min(max(n, k.Min), k.Max)
	}
	slices.Sort(numbers)
	var values []policy.Value
	for _, n := range slices.Compact(numbers) {
		values = append(values, policy.IntValue(n))
	}
	return values
}
