package connectors

import (
	"time"

	"github.com/rapidbyte/rbt/policy"
)

// Part is what one lane copies with one transaction. It is plain data: any
// process that reaches both servers can copy it.
type Part struct {
	Stream   string `json:"stream"`
	Mark     int64  `json:"mark"`     // unique within the stream's generation
	Snapshot string `json:"snapshot"` // the moment to read, in the source's words
	// Relation and Columns are what to read, in the source's words; Predicate
	// is which rows of it, empty for all of them.
	Relation  string `json:"relation"`
	Columns   string `json:"columns"`
	Predicate string `json:"predicate"`
	// Whole says that the part is the whole relation and can be read without
	// a query.
	Whole bool `json:"whole,omitempty"`
	// Into is where the rows go, in the destination's words.
	Into       string `json:"into"`
	RunID      string `json:"run"`
	Generation int    `json:"generation"`
	// Setting has the values of the connectors' knobs for this part.
	Setting policy.Setting `json:"setting"`
	// Bytes estimates the part's size as the source stores it.
	Bytes int64 `json:"bytes"`
	// Sift, where it is there, has the destination look for the rows that it
	// refuses, and put them aside.
	Sift *Sift `json:"sift,omitempty"`
}

// Sift is how to find a part's bad rows.
type Sift struct {
	Columns []string `json:"columns"` // of the part's rows, in order
	Key     []string `json:"key"`     // those of them that tell people which row it is
	Max     int64    `json:"max"`     // more bad rows of the stream are an error
	Before  int64    `json:"before"`  // so many of it were put aside with other parts
}

// Block is a piece of a part's rows on its way from a reader to a writer.
type Block struct {
	// Data is a run of rows, back to back, in a format that both sides know
	// from the part's setting. It may begin
	// and end in the middle of a row: rows have no bound on their size, blocks
	// do.
	Data []byte
	// Ends are the offsets in Data just behind each row that ends in it.
	Ends []int32
}

// Reset empties the block and keeps its memory.
func (b *Block) Reset() {
	b.Data = b.Data[:0]
	b.Ends = b.Ends[:0]
}

// WriteStats is what a writer has measured of one part so far.
type WriteStats struct {
	// Rows and Bytes are what was handed to the socket: rows as a whole, bytes
	// as they came in blocks, without what the protocol adds.
	Rows, Bytes int64
	Flushes     int64         // ended; the one in front of the commit counts
	FlushTime   time.Duration // waiting for the server to have taken the rows of flushes
	CommitTime  time.Duration // writing the mark and committing; 0 before that
	Rejected    int64         // rows that were put aside
	Refusal     string        // why the last of them was, for people
}

// Cut asks a Cutter for parts.
type Cut struct {
	// Setting has the values of the source's knobs.
	Setting policy.Setting
	// Bytes is how much of the stream to take, as the source stores it; zero
	// or less takes the rest.
	Bytes int64
	// PartBytes is the largest part to cut, a checkpoint setting.
	PartBytes int64
	// Lanes is how many lanes will share the parts.
	Lanes int
}
