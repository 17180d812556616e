package postgres

import (
	"cmp"
	"slices"
	"sort"
)

// heapShape says how a relation's pages lie: the number of pages of each of
// its heaps, ascending. A plain table has one heap, a partitioned table one
// for each partition, and a ctid names a page of every one of them.
type heapShape []int64

// pages is how many pages there are in all.
func (h heapShape) pages() int64 { return h.below(h.last()) }

// last is the first page number that no heap has.
func (h heapShape) last() int64 {
	if len(h) == 0 {
		return 0
	}
	return h[len(h)-1]
}

// below is how many pages have a number below block.
func (h heapShape) below(block int64) int64 {
	var n int64
	for _, pages := range h {
		n += min(pages, block)
	}
	return n
}

// after is the smallest block above from with at least n pages between the
// two, or last.
func (h heapShape) after(from, n int64) int64 {
	want := h.below(from) + n
	span := int(h.last() - from)
	return from + int64(sort.Search(max(span, 0), func(i int) bool {
		return h.below(from+int64(i)) >= want && i > 0
	}))
}

// keyShape says how the values of an integer key lie: points in ascending
// order between which about the same number of rows lie each. It needs two.
type keyShape []int64

// newKeyShape makes a shape from a column's statistics: the bounds of a
// histogram of equal heights over the values that are not common, and the
// common ones with their share of the rows.
func newKeyShape(bounds, common []int64, shares []float64) keyShape {
	const points = 1000 // of common values, were they all there is
	shape := slices.Clone(bounds)
	rest := 1.0
	for i, v := range common {
		rest -= shares[i]
		for range int(shares[i] * points) {
			shape = append(shape, v)
		}
	}
	if len(common) > 0 && len(bounds) > 1 {
		shape = append(shape, densify(bounds, int(rest*points)-len(bounds))...)
	}
	if len(shape) > 0 { // the least common of the common values
		shape = append(shape, common...)
	}
	slices.Sort(shape)
	if len(shape) < 2 {
		return nil
	}
	return shape
}

// mirror turns the order of keys round: the highest becomes the lowest.
func mirror(x int64) int64 { return ^x }

// mirrored is the shape of the mirrored keys.
func (k keyShape) mirrored() keyShape {
	out := make(keyShape, len(k))
	for i, x := range k {
		out[len(k)-1-i] = mirror(x)
	}
	return out
}

// densify returns n values that lie between the bounds as the bounds do.
func densify(bounds keyShape, n int) []int64 {
	out := make([]int64, 0, max(n, 0))
	for i := range n {
		out = append(out, bounds.at((float64(i)+0.5)/float64(n)))
	}
	return out
}

// below is the share of the rows whose key is at most x.
func (k keyShape) below(x int64) float64 {
	i, _ := slices.BinarySearchFunc(k, x, func(p, x int64) int { // points at or below x
		if p <= x {
			return -1
		}
		return 1
	})
	switch i {
	case 0:
		return 0
	case len(k):
		return 1
	}
	within := float64(uint64(x)-uint64(k[i-1])) / float64(uint64(k[i])-uint64(k[i-1]))
	return (float64(i-1) + within) / float64(len(k)-1)
}

// at is a key with about the share f of the rows at or below it.
func (k keyShape) at(f float64) int64 {
	pos := min(max(f, 0), 1) * float64(len(k)-1)
	i := min(int(pos), len(k)-2)
	width := uint64(k[i+1]) - uint64(k[i])
	return int64(uint64(k[i]) + min(uint64((pos-float64(i))*float64(width)), width))
}

// after is a key above x with about the share f of the rows between the two;
// ok is false where so many are not left.
func (k keyShape) after(x *int64, f float64) (next int64, ok bool) {
	from := 0.0
	if x != nil {
		from = k.below(*x)
	}
	if from+f >= 1 {
		return 0, false
	}
	next = k.at(from + f)
	if x != nil && next <= *x { // a key with more rows than that
		i, _ := slices.BinarySearchFunc(k, *x, func(p, x int64) int {
			return cmp.Or(cmp.Compare(p, x), -1)
		})
		if i == len(k) {
			return 0, false
		}
		next = k[i]
	}
	return next, next < k[len(k)-1]
}
