package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/rapidbyte/rbt/connectors"
)

// knobMode is the source's knob.
const knobMode = "partition_mode"

// The partition modes: how the lanes share a stream's rows.
const (
	modeCtid  = "ctid"  // ranges of blocks
	modeRange = "range" // ranges of the key
	modeMod   = "mod"   // residue classes of the key
)

// defaultMinPart is the least that a part is cut to, in bytes of the source's
// storage, and the most of a table that one lane copies alone. A lane moves it
// in some 0.2 s, which bounds how long it may be the last one at work. Against
// 4 MiB it spares rbt some 5 to 8 % of its processor time, and rbt and both
// servers together 2 to 3 % (docs/rationale.md has the numbers).
const defaultMinPart = 16 << 20

// facts is what a cutter needs to know of a stream.
type facts struct {
	relation string // as FROM has it
	where    string // the stream's own condition
	window   string // that of the rows which an incremental run reads
	name     string // as COPY has it; empty where COPY cannot read it by its name
	bytes    int64  // all of it; -1 where that is unknown
	minPart  int64  // the least that a part is cut to
	stored   bool   // its rows lie in heaps that can be sampled
	place
	within   string // the condition of lying there, where that has to be said
	noBlocks error  // why ctid cannot divide it
	key      keyAxis
	database origin
}

// origin says which database the stream comes from.
func (f *facts) origin() origin { return f.database }

// from is what follows FROM to read all rows of the stream.
func (f *facts) from() string {
	if conditions := f.conditions(); len(conditions) > 0 {
		return f.relation + " WHERE " + strings.Join(conditions, " AND ")
	}
	return f.relation
}

// conditions are those of all rows of the stream.
func (f *facts) conditions() []string {
	var all []string
	if f.within != "" {
		all = append(all, f.within)
	}
	if f.where != "" {
		all = append(all, "("+f.where+"\n)") // which may end in a comment
	}
	if f.window != "" {
		all = append(all, "("+f.window+")")
	}
	return all
}

// keyAxis is the column that divides a stream by value.
type keyAxis struct {
	column   string // quoted; empty where there is none
	integer  bool   // else only its hash divides
	nullable bool
	// down says that keys are taken from the highest on, so that key ranges begin
	// where the heap ends: block ranges begin at the other end. Values and shape
	// are mirrored then: those of the cutter always ascend.
	down  bool
	shape keyShape // empty where key ranges cannot divide the relation
	// correlation of the key with the place in the heap, from -1 to 1.
	correlation float64
}

// cutter hands out a stream's rows. What is taken is described by two
// watermarks: every row whose key is at most x, or at least x where keys are
// taken from the highest on, and every row in a block below b. All parts see one
// snapshot, so a row's key and block are fixed, and it is taken by the first
// watermark that passes it. Keys that follow the heap are taken from its other
// end: else each mode would find its next rows taken by the other.
//
// Rows without a key are taken by blocks, or by the very last part.
type cutter struct {
	facts
	columns  string
	snapshot string
	taken    watermarks
}

// watermarks say which rows are taken.
type watermarks struct {
	Key   *int64 `json:"key,omitempty"`   // x, mirrored where Down; nil before every key
	Down  bool   `json:"down,omitempty"`  // as in keyAxis
	Block int64  `json:"block,omitempty"` // b
	All   bool   `json:"all,omitempty"`
}

func newCutter(f facts, columns, snapshot string, state []byte) (*cutter, error) {
	c := &cutter{facts: f, columns: columns, snapshot: snapshot}
	if state == nil {
		c.taken.Down = f.key.down
		return c, nil
	}
	if err := json.Unmarshal(state, &c.taken); err != nil {
		return nil, fmt.Errorf("read what an earlier attempt took: %w", err)
	}
	if c.taken.Down != f.key.down { // keys lie differently by now
		c.key.turn()
	}
	return c, nil
}

func (c *cutter) State() ([]byte, error) { return json.Marshal(c.taken) }

// turn mirrors the axis.
func (k *keyAxis) turn() {
	k.down = !k.down
	k.shape = k.shape.mirrored()
}

// above is the condition of a key above x, and upTo of one that is not.
func (k *keyAxis) above(x int64) string {
	if k.down {
		return fmt.Sprintf("%s < %d", k.column, mirror(x))
	}
	return fmt.Sprintf("%s > %d", k.column, x)
}

func (k *keyAxis) upTo(x int64) string {
	if k.down {
		return fmt.Sprintf("%s >= %d", k.column, mirror(x))
	}
	return fmt.Sprintf("%s <= %d", k.column, x)
}

// followsHeap reports whether a key says about where its row lies.
func (k *keyAxis) followsHeap() bool { return math.Abs(k.correlation) >= followsHeap }

// Remaining takes what the two watermarks have taken for disjoint where the key
// follows the heap, and for independent where it does not.
func (c *cutter) Remaining() int64 {
	if c.taken.All {
		return 0
	}
	byKey, byBlock := 0.0, 1-c.blocksLeft()
	if c.taken.Key != nil && len(c.key.shape) > 0 {
		byKey = c.key.shape.below(*c.taken.Key)
	}
	taken := byKey + byBlock
	if !c.key.followsHeap() {
		taken -= byKey * byBlock
	}
	return int64(float64(max(c.bytes, 0)) * max(1-taken, 0))
}

func (c *cutter) Take(ctx context.Context, cut connectors.Cut) ([]connectors.Part, error) {
	if c.taken.All {
		return nil, nil
	}
	left := c.Remaining()
	want := left
	if cut.Bytes > 0 && cut.Bytes < left {
		want = cut.Bytes
	}
	rest := want == left
	mode := cut.Setting[knobMode].Name
	switch {
	case rest && c.atMost(mode) <= min(c.minPart, cut.PartBytes) && c.bytes >= 0:
		return c.all(left), nil
	case mode == modeCtid && len(c.heap) > 0:
		return c.blocks(want, rest, cut), nil
	case mode == modeRange && len(c.key.shape) > 0:
		return c.ranges(want, rest, cut), nil
	case mode == modeMod && c.key.column != "":
		return c.residues(want, rest, cut), nil
	}
	return c.all(left), nil
}

// atMost is how many bytes can be left by the mode's own watermark: how much the
// other one has taken of them is an estimate.
func (c *cutter) atMost(mode string) int64 {
	left := 1.0
	switch {
	case mode != modeRange && len(c.heap) > 0:
		left = c.blocksLeft()
	case len(c.key.shape) > 0 && c.taken.Key != nil:
		left = 1 - c.key.shape.below(*c.taken.Key)
	}
	return int64(left * float64(max(c.bytes, 0)))
}

// all takes everything that is left as one part.
func (c *cutter) all(bytes int64) []connectors.Part {
	p := c.part(bytes, c.untaken()...)
	c.taken.All = true
	return []connectors.Part{p}
}

// blocks takes block ranges.
func (c *cutter) blocks(want int64, rest bool, cut connectors.Cut) []connectors.Part {
	var parts []connectors.Part
	c.each(want, rest, cut, func(size int64) {
		piece, bytes := c.nextBlocks(size)
		parts = append(parts, c.part(bytes, piece...))
	})
	return parts
}

// nextBlocks takes the blocks that hold about size bytes: the conditions of
// their rows.
func (c *cutter) nextBlocks(size int64) (conditions []string, bytes int64) {
	perPage := max(float64(c.bytes)/float64(max(c.heap.pages(), 1)), 1)
	from := c.taken.Block
	to := c.heap.after(from, max(int64(math.Round(float64(size)/perPage)), 1))
	bytes = int64(perPage * float64(c.heap.below(to)-c.heap.below(from)))
	if to >= c.heap.last() { // also of blocks that came since
		conditions = c.untaken()
		c.taken.All = true
		return conditions, bytes
	}
	conditions = append(c.untaken(), fmt.Sprintf("ctid < '(%d,0)'", to))
	c.taken.Block = to
	return conditions, bytes
}

// ranges takes key ranges, and the rows without a key at the very end.
func (c *cutter) ranges(want int64, rest bool, cut connectors.Cut) []connectors.Part {
	var parts []connectors.Part
	c.each(want, rest, cut, func(size int64) {
		piece, more := c.nextRange(size)
		parts = append(parts, c.part(size, piece...))
		if !more {
			parts = append(parts, c.withoutKey()...)
		}
	})
	return parts
}

// nextRange takes the keys that about size bytes of rows have.
func (c *cutter) nextRange(size int64) (conditions []string, more bool) {
	share := float64(size) / float64(max(c.bytes, 1))
	if left := c.blocksLeft(); left > 0 && !c.key.followsHeap() {
		share /= left
	}
	conditions = c.keysAbove()
	to, ok := c.key.shape.after(c.taken.Key, share)
	if !ok {
		return conditions, false
	}
	c.taken.Key = &to
	return append(conditions, c.key.upTo(to)), true
}

// blocksLeft is the share of the pages behind the block watermark.
func (c *cutter) blocksLeft() float64 {
	pages := c.heap.pages()
	if pages == 0 {
		return 1
	}
	return 1 - float64(c.heap.below(c.taken.Block))/float64(pages)
}

// withoutKey takes the rows that no key range can: the last of all.
func (c *cutter) withoutKey() []connectors.Part {
	c.taken.All = true
	if !c.key.nullable {
		return nil
	}
	return []connectors.Part{c.part(0, append(c.blocksAbove(), c.key.column+" IS NULL")...)}
}

// residues takes regions of blocks, or of keys where blocks cannot divide the
// relation, and shares each among the lanes by residue classes. Where neither
// can, every lane looks at all rows for its class.
func (c *cutter) residues(want int64, rest bool, cut connectors.Cut) []connectors.Part {
	lanes := max(cut.Lanes, 1)
	var parts []connectors.Part
	region := func(bytes int64, conditions []string) {
		for r := range lanes {
			p := c.part(bytes/int64(lanes), append(conditions[:len(conditions):len(conditions)], c.class(lanes, r))...)
			parts = append(parts, p)
		}
	}
	wide := connectors.Cut{PartBytes: cut.PartBytes * int64(lanes), Lanes: 1}
	c.each(want, rest, wide, func(size int64) {
		switch {
		case len(c.heap) > 0:
			piece, bytes := c.nextBlocks(size)
			region(bytes, piece)
		case len(c.key.shape) > 0:
			piece, more := c.nextRange(size)
			region(size, piece)
			if !more {
				parts = append(parts, c.withoutKey()...)
			}
		default:
			region(c.Remaining(), c.untaken())
			c.taken.All = true
		}
	})
	return parts
}

// class is the condition of a residue class. Negative keys have negative
// remainders, and a row without a key is in class 0.
func (c *cutter) class(of, r int) string {
	if c.key.integer {
		return fmt.Sprintf("coalesce((%s %% %d + %d) %% %d, 0) = %d", c.key.column+"::int8", of, of, of, r)
	}
	hash := fmt.Sprintf(`hashtextextended(%s::text COLLATE "C", 0)`, c.key.column)
	return fmt.Sprintf("coalesce((%s %% %d + %d) %% %d, 0) = %d", hash, of, of, of, r)
}

// untaken are the conditions of every row that is not taken.
func (c *cutter) untaken() []string {
	conditions := c.blocksAbove()
	if c.taken.Key == nil {
		return conditions
	}
	above := c.key.above(*c.taken.Key)
	if c.key.nullable {
		above = fmt.Sprintf("(%s OR %s IS NULL)", above, c.key.column)
	}
	return append(conditions, above)
}

// keysAbove are the conditions of every row that is not taken and has a key.
func (c *cutter) keysAbove() []string {
	conditions := c.blocksAbove()
	switch {
	case c.taken.Key != nil:
		return append(conditions, c.key.above(*c.taken.Key))
	case c.key.nullable:
		return append(conditions, c.key.column+" IS NOT NULL")
	}
	return conditions
}

func (c *cutter) blocksAbove() []string {
	if c.taken.Block == 0 {
		return nil
	}
	return []string{fmt.Sprintf("ctid >= '(%d,0)'", c.taken.Block)}
}

// part is the rows that fulfil the conditions and the stream's own.
func (c *cutter) part(bytes int64, conditions ...string) connectors.Part {
	conditions = append(conditions, c.conditions()...)
	if len(conditions) == 0 && c.name != "" {
		return connectors.Part{Snapshot: c.snapshot, Relation: c.name, Whole: true, Columns: c.columns, Bytes: bytes}
	}
	return connectors.Part{
		Snapshot:  c.snapshot,
		Relation:  c.relation,
		Columns:   c.columns,
		Predicate: strings.Join(conditions, " AND "),
		Bytes:     bytes,
	}
}

// each calls take with the size of one part after the other, as large as allowed
// while there is much left, and smaller towards the end, so that the lanes finish
// together. Where all of the rest is taken, it is what is really left that
// counts: a part holds whole pages, and of a table whose rows are stored
// elsewhere, a page may stand for megabytes. The rest ends where the mode's own
// watermark does, not where nothing should be left: after windows by key and by
// block that is an estimate, and one lane was left with 129 MB of 10 GB, for 10 of
// 77 s (measured).
func (c *cutter) each(want int64, rest bool, cut connectors.Cut, take func(size int64)) {
	least := c.leastPart(rest, cut)
	for (rest || want > 0) && !c.taken.All {
		size := partSize(want, least, cut)
		if rest {
			size = max(size, min(least, cut.PartBytes))
		}
		take(size)
		want -= size
		if rest {
			want = c.Remaining()
		}
	}
}

// leastPart is the least that a part is cut to. Only the last of a stream's parts
// are cut smaller than the largest: lanes that go on to others need not end
// together.
func (c *cutter) leastPart(rest bool, cut connectors.Cut) int64 {
	if !rest {
		return cut.PartBytes
	}
	return c.minPart
}

// partSize is the size of the next part where so much is wanted.
func partSize(want, minPart int64, cut connectors.Cut) int64 {
	largest := max(cut.PartBytes, 1)
	smallest := min(minPart, largest)
	size := min(max(want/(2*int64(max(cut.Lanes, 1))), smallest), largest)
	if want-size < smallest/2 {
		return want
	}
	return size
}
