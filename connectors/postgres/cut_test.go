package postgres

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/internal/pgtest"
	"github.com/rapidbyte/rbt/policy"
)

// keyTypes are the columns that may divide a table in these tests.
var keyTypes = []string{"int2", "int4", "int8", "text", "uuid", "none"}

// drawTable creates a table t with a column id that names each row, a key
// column k of the type, holes in its pages, and perhaps no statistics.
func drawTable(t *rapid.T, exec func(string), keyType string) {
	rows := rapid.SampledFrom([]int{0, 1, 2, 40, 700}).Draw(t, "rows")
	exec("DROP TABLE IF EXISTS t")
	column := ""
	if keyType != "none" {
		column = ", k " + keyType
	}
	exec("CREATE TABLE t (id int" + column + ", pad text) WITH (autovacuum_enabled = off)")
	if rows > 0 {
		values := make([]string, rows)
		for i := range values {
			key := ""
			if keyType != "none" {
				key = ", " + drawKey(t, keyType)
			}
			values[i] = fmt.Sprintf("(%d%s, repeat('x', %d))", i, key, i%300)
		}
		exec("INSERT INTO t VALUES " + strings.Join(values, ","))
	}
	if rapid.Bool().Draw(t, "holes") {
		exec("DELETE FROM t WHERE id % 7 < 3")
		exec("INSERT INTO t SELECT id + 10000" + map[bool]string{true: ", k"}[column != ""] + ", 'new' FROM t WHERE id % 3 = 0")
	}
	if rapid.Bool().Draw(t, "analyze") {
		exec("ANALYZE t")
	}
}

// drawKey returns a key as SQL: often NULL, often one of few, and the ends of
// its type.
func drawKey(t *rapid.T, keyType string) string {
	if rapid.IntRange(0, 9).Draw(t, "null") == 0 {
		return "NULL"
	}
	bounds := map[string]int64{"int2": math.MaxInt16, "int4": math.MaxInt32, "int8": math.MaxInt64}
	switch keyType {
	case "text":
		return literal(rapid.StringN(0, 5, 5).Draw(t, "text"))
	case "uuid":
		return fmt.Sprintf("'%032x'", rapid.Uint64().Draw(t, "uuid"))
	}
	top := bounds[keyType]
	key := rapid.OneOf(rapid.Int64Range(-20, 20), rapid.Int64Range(-top-1, top), rapid.SampledFrom([]int64{-top - 1, top})).Draw(t, "key")
	return fmt.Sprintf("'%d'", key)
}

// TestCutTotalAndDisjoint takes random tables apart by random sequences of
// modes, window sizes and lanes: every row must be in exactly one part.
func TestCutTotalAndDisjoint(t *testing.T) {
	for _, keyType := range keyTypes {
		t.Run(keyType, func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t)
			conn := db.Conn(t)
			rapid.Check(t, func(t *rapid.T) {
				exec := func(sql string) {
					if _, err := conn.Exec(context.Background(), sql); err != nil {
						t.Fatalf("%s: %v", sql, err)
					}
				}
				drawTable(t, exec, keyType)
				where := rapid.SampledFrom([]string{"", "id % 2 = 0 -- odd ones stay"}).Draw(t, "where")
				checkCuts(t, db, conn, keyType, where)
			})
		})
	}
}

func checkCuts(t *rapid.T, db *pgtest.DB, conn *pgx.Conn, keyType, where string) {
	ctx := context.Background()
	snap, err := newSnapshot(ctx, Config{DSN: db.DSN}, SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close(ctx)
	if rapid.IntRange(0, 4).Draw(t, "old server") == 0 {
		snap.version = 13
	}
	spec := connectors.StreamSpec{Name: "t", Schema: "public", Table: "t", Where: where}
	if keyType != "none" {
		spec.PartitionKey = "k"
	}
	streams, err := snap.Describe(ctx, []connectors.StreamSpec{spec})
	if err != nil {
		t.Fatal(err)
	}
	f := streams[0].Facts.(*facts)
	f.minPart = rapid.Int64Range(1, 40_000).Draw(t, "min part")
	// A table that is worth dividing has its keys looked at; this one is to pass for one.
	bytes := f.bytes
	f.bytes = worthDividing + 1
	if err := snap.keyShapes(ctx, streams); err != nil {
		t.Fatal(err)
	}
	f.bytes = bytes
	streams[0].Choices = []connectors.Choice{snap.choose(streams[0])}

	parts := drawCuts(t, snap, streams[0])
	all := ids(t, conn, "SELECT id FROM ONLY public.t WHERE true"+map[bool]string{true: " AND (" + where + "\n)"}[where != ""])
	seen := map[int]string{}
	for _, p := range parts {
		for id := range ids(t, conn, "SELECT id FROM "+p.Relation+" WHERE "+orTrue(p.Predicate)) {
			if other, twice := seen[id]; twice {
				t.Fatalf("row %d is in two parts: %q and %q", id, other, p.Predicate)
			}
			seen[id] = p.Predicate
		}
	}
	for id := range all {
		if _, ok := seen[id]; !ok {
			t.Fatalf("row %d is in none of %d parts, of which the last is %q", id, len(parts), parts[len(parts)-1].Predicate)
		}
	}
	if len(seen) != len(all) {
		t.Fatalf("%d rows in parts, %d in the table", len(seen), len(all))
	}
}

// drawCuts asks a cutter for windows in modes that the stream supports, takes
// its state over into another cutter now and then, and at last takes the rest.
func drawCuts(t *rapid.T, snap *snapshot, st *connectors.Stream) []connectors.Part {
	ctx := context.Background()
	modes := append(st.Choices[0].Knob.Values, "") // "" is what a stream in one piece has
	columns := columnNames(st.Table)
	c, err := snap.Cutter(ctx, st, columns, nil)
	if err != nil {
		t.Fatal(err)
	}
	var parts []connectors.Part
	windows := rapid.IntRange(0, 6).Draw(t, "windows")
	for i := 0; ; i++ {
		cut := connectors.Cut{
			Setting:   policy.Setting{knobMode: policy.EnumValue(rapid.SampledFrom(modes).Draw(t, "mode"))},
			PartBytes: rapid.Int64Range(1, 100_000).Draw(t, "part bytes"),
			Lanes:     rapid.IntRange(1, 5).Draw(t, "lanes"),
		}
		if i < windows {
			cut.Bytes = rapid.Int64Range(1, 60_000).Draw(t, "bytes")
		}
		more, err := c.Take(ctx, cut)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, more...)
		if len(more) == 0 {
			return parts
		}
		if rapid.IntRange(0, 3).Draw(t, "take over") == 0 {
			state, err := c.State()
			if err != nil {
				t.Fatal(err)
			}
			if c, err = snap.Cutter(ctx, st, columns, state); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func orTrue(predicate string) string {
	if predicate == "" {
		return "true"
	}
	return predicate
}

func ids(t *rapid.T, conn *pgx.Conn, sql string) map[int]bool {
	rows, err := conn.Query(context.Background(), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	out := map[int]bool{}
	for _, id := range list {
		if out[id] {
			t.Fatalf("%s: row %d twice", sql, id)
		}
		out[id] = true
	}
	return out
}

// TestKeyShape holds what the cutter relies on: shares grow with the key, and
// the key of a share has that share.
func TestKeyShape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bounds := rapid.SliceOfN(rapid.Int64(), 2, 50).Draw(t, "bounds")
		shape := newKeyShape(bounds, nil, nil)
		last, lastKey := -1.0, int64(math.MinInt64)
		for i := range 101 {
			f := float64(i) / 100
			x := shape.at(f)
			if x < lastKey {
				t.Fatalf("at(%v) = %d is below the key before it, %d", f, x, lastKey)
			}
			if got := shape.below(x); got < last {
				t.Fatalf("below(%d) = %v is less than before, %v", x, got, last)
			} else {
				last = got
			}
			lastKey = x
		}
		x := rapid.Int64().Draw(t, "x")
		if next, ok := shape.after(&x, rapid.Float64Range(0, 1).Draw(t, "share")); ok && next <= x {
			t.Fatalf("after(%d) = %d does not go on", x, next)
		}
	})
}

// TestRangesAreEqual holds that statistics make parts equal where the keys are
// skewed: half of the rows in one percent of the key space.
func TestRangesAreEqual(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.Exec(t, `CREATE TABLE t (k int8 PRIMARY KEY, pad text);
		INSERT INTO t SELECT CASE WHEN i % 2 = 0 THEN i ELSE 1000000 + i * 1000 END, repeat('x', 200) FROM generate_series(1, 50000) i;
		ANALYZE t`)
	ctx := context.Background()
	snap, err := newSnapshot(ctx, Config{DSN: db.DSN}, SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close(ctx)
	streams, err := snap.Describe(ctx, []connectors.StreamSpec{{Name: "t", Schema: "public", Table: "t"}})
	if err != nil {
		t.Fatal(err)
	}
	streams[0].Facts.(*facts).minPart = 1
	c, err := snap.Cutter(ctx, streams[0], []string{"k"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	parts, err := c.Take(ctx, connectors.Cut{
		Setting: policy.Setting{knobMode: policy.EnumValue(modeRange)}, PartBytes: streams[0].Bytes / 10, Lanes: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		var n int
		if err := db.Conn(t).QueryRow(ctx, "SELECT count(*) FROM t WHERE "+orTrue(p.Predicate)).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 50000/10*3/2 {
			t.Errorf("part %q has %d rows, a tenth is 5000", p.Predicate, n)
		}
	}
}

// TestOppositeEnds holds that windows of different modes do not find each
// other's rows where the key follows the heap, in either direction.
func TestOppositeEnds(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{"ascending": "i", "descending": "100000 - i"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t)
			db.Exec(t, "CREATE TABLE t (k int8 PRIMARY KEY, v text); INSERT INTO t SELECT "+key+", repeat('v', 200) FROM generate_series(1, 100000) i; ANALYZE t")
			snap, err := newSnapshot(t.Context(), Config{DSN: db.DSN}, SourceOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer snap.Close(t.Context())
			streams, err := snap.Describe(t.Context(), []connectors.StreamSpec{{Name: "t", Schema: "public", Table: "t"}})
			if err != nil {
				t.Fatal(err)
			}
			c, err := snap.Cutter(t.Context(), streams[0], []string{"k"}, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i, mode := range []string{modeCtid, modeRange, modeMod, modeRange, modeCtid, modeRange} {
				parts, err := c.Take(t.Context(), connectors.Cut{
					Setting: policy.Setting{knobMode: policy.EnumValue(mode)}, Bytes: streams[0].Bytes / 10, PartBytes: streams[0].Bytes / 20, Lanes: 2,
				})
				if err != nil || len(parts) != 2 {
					t.Fatalf("%d parts, %v", len(parts), err)
				}
				for _, p := range parts {
					if n, _ := strconv.Atoi(db.Query(t, "SELECT count(*) FROM "+p.Relation+" WHERE "+p.Predicate)[0][0]); n < 4000 || n > 6000 {
						t.Errorf("window %d, %s: a part has %d rows, want some 5000: %s", i, mode, n, p.Predicate)
					}
				}
			}
		})
	}
}

// TestFewPages holds that the parts of a table whose pages stand for much each,
// because its rows are stored elsewhere, end small: what a page is too large for
// must not come together in the last part.
func TestFewPages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pages := rapid.Int64Range(2, 5000).Draw(t, "pages")
		perPage := rapid.Int64Range(1<<10, 8<<20).Draw(t, "bytes per page")
		lanes := rapid.IntRange(1, 16).Draw(t, "lanes")
		c := &cutter{facts: facts{
			bytes: pages * perPage, minPart: defaultMinPart, place: place{heap: heapShape{pages}},
		}}
		cut := connectors.Cut{
			Setting: policy.Setting{knobMode: policy.EnumValue(modeCtid)}, Lanes: lanes, PartBytes: 64 << 20,
		}
		parts, err := c.Take(t.Context(), cut)
		if err != nil {
			t.Fatal(err)
		}
		left := c.bytes
		for i, p := range parts {
			// Of what is left, a part is half of a lane's share, within bounds and to a page.
			most := min(max(left/int64(2*lanes), defaultMinPart*3/2), cut.PartBytes) + perPage
			if p.Bytes > most {
				t.Fatalf("part %d of %d has %d bytes, with %d left: at most %d were expected", i+1, len(parts), p.Bytes, left, most)
			}
			left -= p.Bytes
		}
	})
}

// TestLastPartIsNoLarger holds that the rest is cut to its end, although keys
// seem to have taken all that is left: a shape that ends before the keys do has
// the first window hold hardly a row.
func TestLastPartIsNoLarger(t *testing.T) {
	const pages, perPage, partBytes = 8192, 8192, 64 * 8192
	for _, mode := range []string{modeCtid, modeMod} {
		f := facts{
			relation: "t", bytes: pages * perPage, minPart: 16 * perPage, place: place{heap: heapShape{pages}},
			key: keyAxis{column: "id", integer: true, down: true, correlation: 1, shape: keyShape{0, 1000}.mirrored()},
		}
		c, err := newCutter(f, `"id"`, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		take := func(mode string, bytes int64) []connectors.Part {
			parts, err := c.Take(t.Context(), connectors.Cut{
				Setting: policy.Setting{knobMode: policy.EnumValue(mode)}, Bytes: bytes, PartBytes: partBytes, Lanes: 4,
			})
			if err != nil {
				t.Fatal(err)
			}
			return parts
		}
		take(modeRange, c.bytes/4)
		end := regexp.MustCompile(`ctid < '\((\d+),0\)'`)
		last := 0
		for _, p := range take(mode, 0) {
			to := pages
			if m := end.FindStringSubmatch(p.Predicate); m != nil {
				to, _ = strconv.Atoi(m[1])
			}
			if most := partBytes / perPage * 4 * 3 / 2; to-last > most { // of four lanes, where they share it by residues
				t.Errorf("%s: a part is of %d pages, from %d on, want at most %d", mode, to-last, last, most)
			}
			last = to
		}
		if last != pages {
			t.Errorf("%s: %d pages were cut of %d", mode, last, pages)
		}
	}
}
