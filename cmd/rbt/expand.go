package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/hcl"
	"github.com/rapidbyte/rbt/runtime"
)

// expand turns the pipeline's streams into one stream per table of the source.
// A table that a stream names is that stream's, whatever patterns match it;
// among patterns the earlier one has it. Patterns match tables and partitioned
// tables: a partition comes with its parent, and a view or a foreign table is
// copied only where a stream names it. After an error the streams are those that
// nothing is wrong with.
func expand(p *hcl.Pipeline, tables []connectors.TableInfo) ([]runtime.Stream, error) {
	x := expansion{pipeline: p, tables: slices.Clone(tables), taken: map[tableName]bool{}, targets: map[tableName]string{},
		salt: sync.OnceValue(func() string { return connectors.SaltDigest(p.Name, string(p.Source.Salt)) })}
	slices.SortFunc(x.tables, func(a, b connectors.TableInfo) int {
		return cmp.Or(cmp.Compare(a.Schema, b.Schema), cmp.Compare(a.Name, b.Name))
	})
	for i := range p.Streams {
		if s := &p.Streams[i]; !s.IsPattern {
			x.taken[tableName{s.Schema, s.Table}] = true
		}
	}
	for i := range p.Streams {
		if s := &p.Streams[i]; s.IsPattern {
			x.pattern(s)
		} else {
			x.exact(s)
		}
	}
	if len(x.errs) > 0 {
		return x.streams, &fileError{x.errs}
	}
	if len(x.streams) == 0 {
		return nil, errors.New("nothing to copy: every table that the streams match is excluded")
	}
	return x.streams, nil
}

type tableName struct{ schema, name string }

func (t tableName) String() string { return streamName(t.schema, t.name) }

// expansion is the state of expand.
type expansion struct {
	pipeline *hcl.Pipeline
	tables   []connectors.TableInfo
	taken    map[tableName]bool
	targets  map[tableName]string // which stream becomes the target
	streams  []runtime.Stream
	errs     []error
	salt     func() string // its digest
}

func (x *expansion) fail(pos hcl.Pos, message, hint string) {
	x.errs = append(x.errs, x.pipeline.ErrorAt(pos, message, hint))
}

// exact adds the table that a stream names.
func (x *expansion) exact(s *hcl.Stream) {
	name := tableName{s.Schema, s.Table}
	if s.Query != "" {
		x.add(s, name)
		return
	}
	if slices.ContainsFunc(x.tables, func(t connectors.TableInfo) bool { return t.Schema == name.schema && t.Name == name.name }) {
		x.add(s, name)
		return
	}
	hint := "rbt discover lists what there is"
	if near := x.nearest(name.String()); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	x.fail(s.Pos, fmt.Sprintf("the source has no table %q", name), hint)
}

// nearest is the table of the source that was probably meant, or "".
func (x *expansion) nearest(name string) string {
	var known []string
	for _, t := range x.tables {
		known = append(known, streamName(t.Schema, t.Name))
	}
	return nearest(name, known)
}

// checkExclude finds tables that are to be left out and are probably misspelt: they
// would be copied. One that is like no other may have been dropped. It reports
// whether there is none.
func (x *expansion) checkExclude(s *hcl.Stream) bool {
	wrong := len(x.errs)
	for _, e := range s.Exclude {
		if e.HasWildcard() || slices.ContainsFunc(x.tables, func(t connectors.TableInfo) bool { return e.Match(t.Schema, t.Name) }) {
			continue
		}
		if near := x.nearest(e.String()); near != "" {
			x.fail(s.Pos, fmt.Sprintf("%q is to be left out of %q, but the source has no such table", e, s.Label),
				fmt.Sprintf("did you mean %q? If it was dropped, take it out of exclude", near))
		}
	}
	return len(x.errs) == wrong
}

// pattern adds the tables that a pattern matches and nobody else has.
func (x *expansion) pattern(s *hcl.Stream) {
	if !x.checkExclude(s) {
		return
	}
	matched := false
	for _, t := range x.tables {
		if !copiedByPattern(t) || !s.Name.Match(t.Schema, t.Name) {
			continue
		}
		matched = true
		name := tableName{t.Schema, t.Name}
		excluded := slices.ContainsFunc(s.Exclude, func(e hcl.Pattern) bool { return e.Match(t.Schema, t.Name) })
		if !excluded && !x.taken[name] {
			x.taken[name] = true
			x.add(s, name)
		}
	}
	if !matched {
		x.fail(s.Pos, fmt.Sprintf("the source has no table that matches %q", s.Label),
			"views, foreign tables and partitions are copied only where a stream names them; rbt discover lists what there is")
	}
}

func copiedByPattern(t connectors.TableInfo) bool {
	return t.PartOf == "" && (t.Kind == connectors.PlainTable || t.Kind == connectors.PartitionedTable)
}

// add adds one table as a stream of its own.
func (x *expansion) add(s *hcl.Stream, name tableName) {
	target := tableName{cmp.Or(x.pipeline.Destination.Schema, name.schema), cmp.Or(s.Target, name.name)}
	if other, ok := x.targets[target]; ok {
		x.fail(s.Pos, fmt.Sprintf("%s and %s would both become %s", other, name, target),
			"give one of them another target")
		return
	}
	x.targets[target] = name.String()
	x.streams = append(x.streams, runtime.Stream{
		StreamSpec: connectors.StreamSpec{
			Name:         name.String(),
			Schema:       name.schema,
			Table:        name.name,
			Query:        s.Query,
			Columns:      s.Columns,
			Where:        s.Where,
			PartitionKey: s.PartitionKey,
			TargetSchema: target.schema,
			Target:       target.name,
			WriteMode:    connectors.WriteMode(s.WriteMode),
			PrimaryKey:   s.PrimaryKey,
			Deleted:      unless[connectors.Deleted](hcl.KeepDeleted, s.Deleted),
			Cursor:       cursorOf(s),
			Computed:     x.computedOf(s),
			Checks:       checksOf(s),
			Verify:       unless[connectors.Verify](hcl.NoVerify, s.Verify),
			Rejects:      rejectsOf(s),
			Resume:       connectors.Resume(s.Resume),
			Evolution: connectors.Evolution{
				NewColumn:     unless[connectors.NewColumn](hcl.AddColumn, s.Evolution.NewColumn),
				RemovedColumn: unless[connectors.RemovedColumn](hcl.KeepColumn, s.Evolution.RemovedColumn),
				TypeChange:    unless[connectors.TypeChange](hcl.WidenType, s.Evolution.TypeChange),
				Nullability:   unless[connectors.Nullability](hcl.RelaxNullability, s.Evolution.Nullability),
			},
		},
		Pins: s.Pins,
	})
}

func cursorOf(s *hcl.Stream) *connectors.Cursor {
	if s.SyncMode != hcl.Incremental {
		return nil
	}
	return &connectors.Cursor{Column: s.Cursor, TieBreaker: s.TieBreaker, Initial: s.Initial, Lookback: s.Lookback}
}

func rejectsOf(s *hcl.Stream) *connectors.Rejects {
	if s.OnBadRow != hcl.RejectBadRow {
		return nil
	}
	return &connectors.Rejects{Max: s.MaxRejects}
}

func checksOf(s *hcl.Stream) []connectors.Check {
	var list []connectors.Check
	for _, c := range s.Checks {
		list = append(list, connectors.Check(c))
	}
	return list
}

func (x *expansion) computedOf(s *hcl.Stream) []connectors.Computed {
	var list []connectors.Computed
	for _, c := range s.Computed {
		computed := connectors.Computed{Column: c.Name, Expr: c.Expr, Mask: connectors.Mask(c.Mask)}
		if computed.Mask == connectors.MaskHash && s.SyncMode == hcl.Incremental {
			computed.Salt = x.salt()
		}
		list = append(list, computed)
	}
	return list
}

// unless is what a file chooses, and nothing where that is what is usual.
func unless[To, From ~string](usual, choice From) To {
	if choice == usual {
		return ""
	}
	return To(choice)
}
