package hcl

import (
	"encoding/json"
	"path/filepath"
	"time"

	"github.com/rapidbyte/rbt/policy"
)

// build makes the pipeline of a file in which no mistake was found.
func build(root *node, streams []streamNode, src *source) *Pipeline {
	p := &Pipeline{
		Name:        root.one("pipeline").title.text,
		Source:      buildSource(root.one("source")),
		Destination: buildDestination(root.one("destination")),
		Resources:   buildResources(root.one("resources")),
		Checkpoint:  Checkpoint{PartSize: get[int64](root.one("checkpoint"), "part_size")},
		Autotune:    buildAutotune(root.one("autotune"), filepath.Dir(src.file)),
		Pins:        buildPins(root),
		src:         src,
	}
	for _, s := range streams {
		p.Streams = append(p.Streams, buildStream(s))
	}
	return p
}

func buildSource(n *node) Source {
	return Source{
		Kind:        n.label,
		DSN:         Secret(get[string](n, "dsn")),
		Salt:        Secret(get[string](n, "salt")),
		LockTimeout: get[time.Duration](n, "lock_timeout"),
		Pos:         posOf(n.head),
	}
}

func buildDestination(n *node) Destination {
	return Destination{
		Kind:        n.label,
		DSN:         Secret(get[string](n, "dsn")),
		Schema:      get[string](n, "schema"),
		ForeignKeys: get[bool](n, "foreign_keys"),
		Analyze:     get[bool](n, "analyze"),
		Compression: get[string](n, "compression"),
		LockTimeout: get[time.Duration](n, "lock_timeout"),
		Pos:         posOf(n.head),
	}
}

func buildStream(s streamNode) Stream {
	return Stream{
		Label:        s.title.text,
		Name:         s.pattern,
		Schema:       s.pattern.schema.text,
		Table:        s.pattern.table.text,
		IsPattern:    s.pattern.HasWildcard(),
		Exclude:      s.exclude,
		Query:        get[string](s.node, "query"),
		SyncMode:     SyncMode(get[string](s.node, "sync_mode")),
		Cursor:       get[string](s.node, "cursor"),
		TieBreaker:   get[string](s.node, "tie_breaker"),
		Initial:      get[string](s.node, "initial"),
		Lookback:     get[string](s.node, "lookback"),
		WriteMode:    WriteMode(get[string](s.node, "write_mode")),
		PrimaryKey:   texts(get[[]element](s.node, "primary_key")),
		Deleted:      Deleted(get[string](s.node, "delete")),
		PartitionKey: get[string](s.node, "partition_key"),
		Columns:      texts(get[[]element](s.node, "columns")),
		Where:        get[string](s.node, "where"),
		Target:       get[string](s.node, "target"),
		Computed:     buildColumns(s.node),
		Evolution:    buildEvolution(s.node),
		Verify:       Verify(get[string](s.node, "verify")),
		Checks:       buildChecks(s.node),
		OnBadRow:     OnBadRow(get[string](s.node, "on_bad_row")),
		MaxRejects:   get[int64](s.node, "max_rejects"),
		Resume:       Resume(get[string](s.node, "resume")),
		Pins:         buildPins(s.node),
		Pos:          posOf(s.title.rng),
		attributes:   written(s.node),
	}
}

func buildEvolution(n *node) Evolution {
	return Evolution{
		NewColumn:     NewColumn(get[string](n, "new_column")),
		RemovedColumn: RemovedColumn(get[string](n, "removed_column")),
		TypeChange:    TypeChange(get[string](n, "type_change")),
		Nullability:   Nullability(get[string](n, "nullability")),
	}
}

func buildColumns(n *node) []Column {
	var list []Column
	for _, c := range n.inner("column") {
		list = append(list, Column{Name: c.title.text, Expr: get[string](c, "expr"), Mask: Mask(get[string](c, "mask"))})
	}
	return list
}

func buildChecks(n *node) []Check {
	var list []Check
	for _, c := range n.inner("check") {
		list = append(list, Check{Name: c.title.text, SQL: get[string](c, "sql")})
	}
	return list
}

// written says where a block's attributes are, and its columns.
func written(n *node) map[string]Pos {
	attributes := map[string]Pos{}
	for _, c := range n.inner("column") {
		attributes["column "+c.title.text] = posOf(c.title.rng)
	}
	for name, at := range n.written {
		attributes[name] = posOf(at.value)
	}
	return attributes
}

func buildResources(n *node) Resources {
	return Resources{
		Parallelism: int(get[int64](n, "parallelism")),
		WorkerCap:   int(get[int64](n, "worker_cap")),
		MaxMemory:   get[int64](n, "max_memory"),
		RetryFor:    get[time.Duration](n, "retry_for"),
	}
}

func buildAutotune(n *node, folder string) Autotune {
	probe := n.one("probe")
	return Autotune{
		Enabled: get[bool](n, "enabled"),
		Policy:  buildPolicy(n.one("policy"), folder),
		Probe: Probe{
			MaxRows:     get[int64](probe, "max_rows"),
			MaxFraction: get[float64](probe, "max_fraction"),
			MaxDuration: get[time.Duration](probe, "max_duration"),
			MinWindows:  int(get[int64](probe, "min_windows")),
			Lead:        get[float64](probe, "lead"),
			StrictRows:  get[bool](probe, "strict_rows"),
		},
	}
}

func buildPolicy(n *node, folder string) Policy {
	module := get[string](n, "module")
	if module != "" && !filepath.IsAbs(module) {
		module = filepath.Join(folder, module)
	}
	return Policy{
		Kind:      n.label,
		Module:    module,
		SHA256:    get[string](n, "sha256"),
		Engine:    get[string](n, "engine"),
		Timeout:   get[time.Duration](n, "timeout"),
		MaxMemory: get[int64](n, "max_memory"),
		MaxCalls:  get[int64](n, "max_calls"),
		Config:    get[json.RawMessage](n, "config"),
		Pos:       posOf(n.head),

		attributes: written(n),
	}
}

// buildPins returns the pins of a pipeline or a stream, nil if it has none.
func buildPins(n *node) policy.Setting {
	values := n.one("pin").values
	if len(values) == 0 {
		return nil
	}
	pins := policy.Setting{}
	for name, v := range values {
		switch v := v.(type) {
		case int64:
			pins[name] = policy.IntValue(v)
		case string:
			pins[name] = policy.EnumValue(v)
		}
	}
	return pins
}
