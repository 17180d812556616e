package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// chooseKey returns the column that divides the stream by value: the one that
// the pipeline names, else the primary key where it is one column. A column
// without a name is none.
func chooseKey(spec connectors.StreamSpec, r *relation) (connectors.Column, error) {
	name := spec.PartitionKey
	if r.Kind == connectors.Query {
		if name != "" {
			return connectors.Column{}, errors.New("a query is read by one lane, since nothing says that it finds the same rows each time: leave partition_key out")
		}
		return connectors.Column{}, nil
	}
	if pk := primaryKey(r.Table); name == "" && len(pk) == 1 {
		name = pk[0]
	}
	if name == "" {
		return connectors.Column{}, nil
	}
	i := slices.IndexFunc(r.Columns, func(c connectors.Column) bool { return c.Name == name })
	switch {
	case i < 0:
		return connectors.Column{}, fmt.Errorf("there is no column %q; the %s has %s", name, r.Kind, idents(columnNames(r.Table)))
	case r.Columns[i].Key == "" && spec.PartitionKey != "":
		return connectors.Column{}, fmt.Errorf("column %q of type %s cannot divide a table; an integer, text or uuid column can", name, r.Columns[i].Type)
	case r.Columns[i].Key == "" || slices.Contains(r.Unreadable, name):
		return connectors.Column{}, nil
	}
	return r.Columns[i], nil
}

// changedSQL names what is no longer what the snapshot knows, of the streams'
// relations and of all that the transaction locked with them: partitions, and
// what a view reads. The catalogs are read as of the snapshot; pg_locks and the
// functions tell what is now.
const changedSQL = `
	WITH locked AS (
		SELECT relation AS oid FROM pg_locks
		WHERE pid = pg_backend_pid() AND locktype = 'relation' AND relation >= 16384 -- not of the system
	)
	SELECT c.oid::regclass::text FROM pg_class c
	WHERE c.oid = ANY($1) AND to_regclass(format('%s.%I', c.relnamespace::regnamespace, c.relname)) IS DISTINCT FROM c.oid
	UNION
	SELECT c.oid::regclass::text FROM pg_class c JOIN locked USING (oid)
	WHERE c.relkind IN ('r', 'm') AND pg_relation_filenode(c.oid) IS DISTINCT FROM c.relfilenode
	UNION -- partitions that are gone
	SELECT p.oid::regclass::text FROM pg_class p JOIN locked USING (oid) JOIN pg_inherits i ON i.inhparent = p.oid
	WHERE p.relkind = 'p' AND i.inhrelid NOT IN (SELECT oid FROM locked)
	UNION -- partitions that came
	SELECT l.oid::regclass::text FROM locked l
	WHERE EXISTS (SELECT FROM pg_partition_ancestors(l.oid) a WHERE a <> l.oid)
	  AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = l.oid)`

// keep locks the streams' tables, and makes sure that they still are what the
// snapshot knows: a table that was truncated or rewritten since would look
// empty to it.
func (s *snapshot) keep(ctx context.Context, streams []*connectors.Stream, relations map[string]*relation) error {
	var oids []uint32
	var locks []string
	for _, st := range streams {
		r := relations[st.Spec.Name]
		locks = append(locks, lockStatement(r))
		oids = append(oids, r.OID)
	}
	s.locks = append(s.locks, locks...)
	for _, h := range s.holders {
		if err := lock(ctx, h, locks); err != nil {
			return err
		}
	}
	rows, err := s.holders[0].Query(ctx, changedSQL, oids)
	if err != nil {
		return wrap("look for changed tables", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return wrap("look for changed tables", err)
	}
	if len(names) > 0 {
		return &changedError{names}
	}
	return nil
}

// changedError says that tables changed between the snapshot and the locks.
// The next snapshot will know them as they are now.
type changedError struct{ tables []string }

func (e *changedError) Error() string {
	return fmt.Sprintf("%v: truncated, rewritten, replaced, attached or detached while the run began", e.tables)
}

func (e *changedError) Retryable() bool { return true }

// measure reads the sizes of the streams, and how the keys of the larger ones
// lie. Several streams may be of one table.
func (s *snapshot) measure(ctx context.Context, streams []*connectors.Stream, relations map[string]*relation) error {
	var oids []uint32
	for _, st := range streams {
		oids = append(oids, relations[st.Spec.Name].OID)
	}
	slices.Sort(oids)
	oids = slices.Compact(oids)
	sizes, err := readSizes(ctx, s.holders[0], oids)
	if err != nil {
		return err
	}
	places, err := s.places(ctx, oids)
	if err != nil {
		return err
	}
	for _, st := range streams {
		f := st.Facts.(*facts)
		r := relations[st.Spec.Name]
		size := sizes[r.OID]
		if st.Spec.Where == "" {
			st.Rows = size.Rows
		}
		if r.Kind == connectors.Query {
			p, err := s.explain(ctx, f.from())
			if err != nil {
				return err
			}
			st.Rows, st.Bytes, f.bytes = p.rows, p.bytes, p.bytes
		}
		f.place = places[r.OID]
		f.stored = len(f.heap) > 0
		f.within = inLeaves(f, r, st.Spec.Resume)
		if f.stored {
			st.Bytes, f.bytes = size.Bytes, size.Bytes
		}
		if f.noBlocks = s.whyNoBlocks(f, r, st.Spec.Resume); f.noBlocks != nil {
			f.heap = nil
		}
	}
	return s.keyShapes(ctx, streams)
}

// place is where a relation's rows lie.
type place struct {
	heap      heapShape // empty where ctid cannot divide the relation
	leaves    []uint32  // the tables that its rows lie in
	elsewhere bool      // some of them are no heaps
}

// heapsSQL lists the tables that a relation's rows lie in: itself, or its
// partitions as of the snapshot.
const heapsSQL = `
	WITH RECURSIVE tree (root, oid) AS (
		SELECT oid, oid FROM unnest($1::oid[]) AS asked (oid)
	UNION ALL
		SELECT tree.root, i.inhrelid
		FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition
	)
	SELECT tree.root, leaf.oid AS leaf, coalesce(am.amname, '') AS method,
	       coalesce(pg_relation_size(leaf.oid) / current_setting('block_size')::int8, 0) AS pages
	FROM tree JOIN pg_class leaf ON leaf.oid = tree.oid AND leaf.relkind IN ('r', 'm', 'f')
	LEFT JOIN pg_am am ON am.oid = leaf.relam`

// places finds out where the relations' rows lie, and on which pages.
func (s *snapshot) places(ctx context.Context, oids []uint32) (map[uint32]place, error) {
	rows, err := s.holders[0].Query(ctx, heapsSQL, oids)
	if err != nil {
		return nil, wrap("read the tables' pages", err)
	}
	places := map[uint32]place{}
	var root, leaf uint32
	var method string
	var pages int64
	_, err = pgx.ForEachRow(rows, []any{&root, &leaf, &method, &pages}, func() error {
		p := places[root]
		p.leaves = append(p.leaves, leaf)
		if method == "heap" {
			p.heap = append(p.heap, pages)
		} else {
			p.elsewhere = true
		}
		places[root] = p
		return nil
	})
	for _, p := range places {
		slices.Sort(p.heap)
	}
	return places, wrap("read the tables' pages", err)
}

// inLeaves is the condition that a row of a partitioned table lies in one of
// the partitions that the snapshot knows: locks do not keep another from being
// attached, and rows that it had before would be seen. A later moment has
// partitions of its own.
func inLeaves(f *facts, r *relation, resume connectors.Resume) string {
	if r.Kind != connectors.PartitionedTable || !r.CanSelect || resume == connectors.Continue {
		return ""
	}
	oids := make([]string, len(f.leaves))
	for i, oid := range f.leaves {
		oids[i] = strconv.FormatUint(uint64(oid), 10)
	}
	return "tableoid = ANY ('{" + strings.Join(oids, ",") + "}')"
}

// whyNoBlocks says why ctid cannot divide a relation.
func (s *snapshot) whyNoBlocks(f *facts, r *relation, resume connectors.Resume) error {
	switch {
	case f.elsewhere || !f.stored:
		return errors.New("it is not stored as a heap")
	case s.version < 14:
		// A scan for a range of blocks came with 14.
		return fmt.Errorf("PostgreSQL %d would scan the whole table for a range of blocks; 14 and later do not", s.version)
	case !r.CanSelect:
		return errors.New("the source's role may read some columns only, and not ctid")
	case resume == connectors.Continue:
		return errors.New(`a row's block changes with time, and resume = "continue" reads at two times`)
	}
	return nil
}

// keyStatsSQL reads what ANALYZE found out about the keys. The lists are cast
// through text because pg_stats has them as anyarray.
const keyStatsSQL = `
	SELECT want.stream, coalesce(s.correlation, 0)::float8 AS correlation,
	       coalesce(s.most_common_vals::text::int8[], '{}') AS common,
	       coalesce(s.most_common_freqs, '{}')::float8[] AS shares,
	       coalesce(s.histogram_bounds::text::int8[], '{}') AS bounds
	FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::bool[]) AS want(stream, schema, name, key, partitioned)
	JOIN pg_stats s ON s.schemaname = want.schema AND s.tablename = want.name AND s.attname = want.key
	WHERE s.inherited = want.partitioned`

// worthDividing is the size, as the source stores it, from which it pays to know
// how a stream's keys lie. It is below the least part that is usual, because a
// pipeline may ask for smaller ones.
const worthDividing = 4 << 20

// keyShapes finds out how integer keys lie, for the streams that are worth
// dividing.
func (s *snapshot) keyShapes(ctx context.Context, streams []*connectors.Stream) error {
	var which []int32
	var schemas, names, keys []string
	var partitioned []bool
	for i, st := range streams {
		f := st.Facts.(*facts)
		if f.key.integer && f.stored && f.bytes > worthDividing {
			which = append(which, int32(i))
			schemas = append(schemas, st.Spec.Schema)
			names = append(names, st.Spec.Table)
			keys = append(keys, st.Key)
			partitioned = append(partitioned, st.Table.Kind == connectors.PartitionedTable)
		}
	}
	rows, err := s.holders[0].Query(ctx, keyStatsSQL, which, schemas, names, keys, partitioned)
	if err != nil {
		return wrap("read the keys' statistics", err)
	}
	type keyStats struct {
		Stream      int32
		Correlation float64
		Common      []int64
		Shares      []float64
		Bounds      []int64
	}
	stats, err := pgx.CollectRows(rows, pgx.RowToStructByName[keyStats])
	if err != nil {
		return wrap("read the keys' statistics", err)
	}
	for _, k := range stats {
		f := streams[k.Stream].Facts.(*facts)
		f.key.shape, f.key.down = newKeyShape(k.Bounds, k.Common, k.Shares), false
		f.key.correlation = k.Correlation
	}
	for _, i := range which {
		f := streams[i].Facts.(*facts)
		if len(f.key.shape) == 0 {
			if err := s.sampleKey(ctx, f); err != nil {
				return err
			}
		}
		if ascends := f.key.correlation > 0; f.key.down != (ascends && len(f.heap) > 0) {
			f.key.turn() // block ranges begin where the low keys are
		}
	}
	return nil
}

// sampleRows is about how many rows a sample of a table without statistics
// should have: the error of a quantile is then about one percent of the rows.
const sampleRows = 10_000

// sampleKey looks at some blocks of a table that was never analysed.
func (s *snapshot) sampleKey(ctx context.Context, f *facts) error {
	const rowsPerMiB = 1 << 20 / 100 // of rows of 100 bytes
	percent := min(100, 100*float64(sampleRows)/(float64(f.bytes>>20+1)*rowsPerMiB))
	sql := fmt.Sprintf("SELECT %s::int8 FROM %s TABLESAMPLE SYSTEM (%f) REPEATABLE (1) WHERE %s IS NOT NULL LIMIT %d",
		f.key.column, f.relation, max(percent, 0.001), f.key.column, 10*sampleRows)
	rows, err := s.holders[0].Query(ctx, sql)
	if err != nil {
		return wrap("sample the keys", err)
	}
	keys, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return wrap("sample the keys", err)
	}
	f.key.shape, f.key.down = newKeyShape(keys, nil, nil), false
	slices.Sort(f.key.shape)
	f.key.correlation = rankCorrelation(keys)
	return nil
}

// rankCorrelation says how far the keys, in the order of the heap, ascend or
// descend: the sign that neighbours agree on, from -1 to 1.
func rankCorrelation(keys []int64) float64 {
	var up, down float64
	for i := 1; i < len(keys); i++ {
		switch {
		case keys[i] > keys[i-1]:
			up++
		case keys[i] < keys[i-1]:
			down++
		}
	}
	if up+down == 0 {
		return 0
	}
	return (up - down) / (up + down)
}
