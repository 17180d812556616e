package hcl

import (
	"fmt"
	"time"

	"github.com/rapidbyte/rbt/policy"
)

// kind says how the value of an attribute is written.
type kind string

const (
	text      kind = "string"
	boolean   kind = "bool"
	count     kind = "number"   // whole
	fraction  kind = "fraction" // a number that need not be whole
	autoCount kind = "number or \"auto\""
	size      kind = "size"
	duration  kind = "duration"
	choice    kind = "one of"
	names     kind = "list of strings"
	object    kind = "object"
	scalar    kind = "string, number or bool" // of a variable, which is read before all else
)

// attribute is what a pipeline file may set.
type attribute struct {
	name     string
	kind     kind
	required bool
	// fallback is the default as a file would write it, without quotes.
	fallback string
	// min and max are the inclusive bounds of a number, a size in bytes or a
	// duration in nanoseconds. There are none if both are 0.
	min, max float64
	choices  []string
	// single marks what makes sense for one table only, not for a pattern.
	single bool
	// secret marks a value that no excerpt may show.
	secret bool
}

// block is what a pipeline file may hold, with what it may hold in turn.
type block struct {
	name string
	// label is the only label of the block, or in capitals what its label says,
	// or empty for a block without one. A name may have several blocks that
	// differ in their label.
	label      string
	required   bool
	many       bool // may occur more than once
	attributes []attribute
	blocks     []*block
	knobs      bool // its attributes are knobs
}

func (b *block) attribute(name string) *attribute {
	for i := range b.attributes {
		if b.attributes[i].name == name {
			return &b.attributes[i]
		}
	}
	return nil
}

func (b *block) attributeNames() []string {
	var list []string
	for _, a := range b.attributes {
		list = append(list, a.name)
	}
	return list
}

// named returns the blocks of a name: none, one, or one for each known label.
func (b *block) named(name string) []*block {
	var list []*block
	for _, inner := range b.blocks {
		if inner.name == name {
			list = append(list, inner)
		}
	}
	return list
}

func (b *block) blockNames() []string {
	var list []string
	for _, inner := range b.blocks {
		list = append(list, inner.name)
	}
	return list
}

// header is how a file writes the block.
func (b *block) header() string {
	switch {
	case b.label == "":
		return b.name
	case b.anyLabel():
		return b.name + ` "…"`
	}
	return fmt.Sprintf("%s %q", b.name, b.label)
}

// find returns the first block inside of b that has something, or nil.
func (b *block) find(has func(*block) bool) *block {
	for _, inner := range b.blocks {
		if has(inner) {
			return inner
		}
		if found := inner.find(has); found != nil {
			return found
		}
	}
	return nil
}

// anyLabel says whether the file chooses the label.
func (b *block) anyLabel() bool { return b.label != "" && b.label[0] <= 'Z' }

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
	tib = 1 << 40
)

// schema is the one table of blocks and attributes: the decoder walks a file
// along it, and TestReference holds docs/pipeline.md to it.
func schema(knobs []policy.Knob) *block {
	pin := &block{name: "pin", knobs: true, attributes: pins(knobs)}
	return &block{blocks: []*block{
		{name: "pipeline", label: "NAME", required: true},
		{name: "variable", label: "NAME", many: true, attributes: []attribute{
			{name: "default", kind: scalar},
			{name: "description", kind: text},
		}},
		{name: "source", label: "postgres", required: true, attributes: []attribute{
			{name: "dsn", kind: text, required: true, secret: true},
			{name: "salt", kind: text, secret: true},
			{name: "lock_timeout", kind: duration, fallback: "30s", max: day},
		}},
		{name: "destination", label: "postgres", required: true, attributes: []attribute{
			{name: "dsn", kind: text, required: true, secret: true},
			{name: "schema", kind: text},
			{name: "foreign_keys", kind: boolean, fallback: "false"},
			{name: "analyze", kind: boolean, fallback: "true"},
			{name: "compression", kind: choice, fallback: SourceCompression, choices: []string{SourceCompression, "pglz", "lz4"}},
			{name: "lock_timeout", kind: duration, fallback: "10s", max: day},
		}},
		{name: "stream", label: "TABLE", required: true, many: true, blocks: []*block{column(), check(), pin}, attributes: []attribute{
			{name: "query", kind: text, single: true},
			{name: "sync_mode", kind: choice, fallback: string(FullRefresh), choices: []string{string(FullRefresh), string(Incremental)}},
			{name: "cursor", kind: text},
			{name: "tie_breaker", kind: text},
			{name: "initial", kind: text, single: true},
			{name: "lookback", kind: text},
			{name: "write_mode", kind: choice, fallback: string(Replace), choices: []string{string(Replace), string(Append), string(Upsert)}},
			{name: "primary_key", kind: names, single: true},
			{name: "delete", kind: choice, fallback: string(KeepDeleted), choices: []string{string(KeepDeleted), string(MarkDeleted), string(DropDeleted)}},
			{name: "partition_key", kind: text, single: true},
			{name: "columns", kind: names, single: true},
			{name: "where", kind: text, single: true},
			{name: "target", kind: text, single: true},
			{name: "exclude", kind: names},
			{name: "new_column", kind: choice, fallback: string(AddColumn), choices: []string{string(AddColumn), string(IgnoreColumn), string(FailNewColumn)}},
			{name: "removed_column", kind: choice, fallback: string(KeepColumn), choices: []string{string(KeepColumn), string(DropColumn), string(FailRemovedColumn)}},
			{name: "type_change", kind: choice, fallback: string(WidenType), choices: []string{string(WidenType), string(CastType), string(FailTypeChange)}},
			{name: "nullability", kind: choice, fallback: string(RelaxNullability), choices: []string{string(RelaxNullability), string(FailNullability)}},
			{name: "verify", kind: choice, fallback: string(NoVerify), choices: []string{string(NoVerify), string(VerifyCount), string(VerifyChecksum)}},
			{name: "on_bad_row", kind: choice, fallback: string(FailOnBadRow), choices: []string{string(FailOnBadRow), string(RejectBadRow)}},
			{name: "max_rejects", kind: count, fallback: "1000", max: 1e9},
			{name: "resume", kind: choice, fallback: string(Restart), choices: []string{string(Restart), string(Continue)}},
		}},
		{name: "resources", attributes: []attribute{
			{name: "parallelism", kind: autoCount, fallback: "auto", min: 1, max: 256},
			{name: "worker_cap", kind: count, fallback: "16", min: 1, max: 256},
			{name: "max_memory", kind: size, fallback: "512MiB", min: 32 * mib, max: tib},
			{name: "retry_for", kind: duration, fallback: "5m", max: day},
		}},
		{name: "checkpoint", attributes: []attribute{
			{name: "part_size", kind: size, fallback: "64MiB", min: mib, max: 4 * gib},
		}},
		{name: "autotune",
			attributes: []attribute{{name: "enabled", kind: boolean, fallback: "true"}},
			blocks:     []*block{builtinPolicy(), wasmPolicy(), probe()},
		},
		pin,
	}}
}

const day = float64(24 * time.Hour)

func column() *block {
	return &block{name: "column", label: "NAME", many: true, attributes: []attribute{
		{name: "expr", kind: text},
		{name: "mask", kind: choice, choices: []string{string(MaskHash), string(MaskRedact), string(MaskPartial)}},
	}}
}

func check() *block {
	return &block{name: "check", label: "NAME", many: true, attributes: []attribute{{name: "sql", kind: text, required: true}}}
}

func builtinPolicy() *block { return &block{name: "policy", label: "builtin"} }

func wasmPolicy() *block {
	return &block{name: "policy", label: "wasm", attributes: []attribute{
		{name: "module", kind: text, required: true},
		{name: "sha256", kind: text},
		{name: "config", kind: object},
		{name: "engine", kind: choice, fallback: "interpreter", choices: []string{"interpreter", "compiler"}},
		{name: "timeout", kind: duration, fallback: "500ms", min: float64(10 * time.Millisecond), max: float64(5 * time.Second)},
		{name: "max_memory", kind: size, fallback: "32MiB", min: mib, max: 256 * mib},
		{name: "max_calls", kind: count, fallback: "2000000", min: 1000, max: 1e9},
	}}
}

func probe() *block {
	return &block{name: "probe", attributes: []attribute{
		{name: "max_rows", kind: count, fallback: "200000", min: 1, max: 1e9},
		{name: "max_fraction", kind: fraction, fallback: "0.15", min: 0.001, max: 1},
		{name: "max_duration", kind: duration, fallback: "30s", min: float64(100 * time.Millisecond), max: float64(time.Hour)},
		{name: "min_windows", kind: count, fallback: "2", min: 1, max: 100},
		{name: "lead", kind: fraction, fallback: "0.08", max: 10},
		{name: "strict_rows", kind: boolean, fallback: "false"},
	}}
}

// pins makes an attribute of every knob.
func pins(knobs []policy.Knob) []attribute {
	var list []attribute
	for _, k := range knobs {
		a := attribute{name: k.Name, kind: count, min: float64(k.Min), max: float64(k.Max)}
		switch k.Kind {
		case policy.Bytes:
			a.kind = size
		case policy.Enum:
			a.kind, a.choices = choice, k.Values
		}
		list = append(list, a)
	}
	return list
}
