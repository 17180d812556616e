package compat

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/internal/pgcluster"
	"github.com/rapidbyte/rbt/internal/pgtest"
	"github.com/rapidbyte/rbt/internal/tunetest"
	"github.com/rapidbyte/rbt/runtime"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var update = flag.Bool("update", false, "write docs/compatibility.md")

// versions are those of PostgreSQL that rbt is tried with.
var versions = []int{14, 15, 16, 17, 18}

// newest is the one that the trials run on: it has everything that they try.
const newest = 18

// server starts a server of a version for the test and its subtests.
func server(t *testing.T, major int) *pgcluster.Cluster {
	t.Helper()
	bin, err := pgcluster.Version(major)
	require(t, err)
	return pgtest.Cluster(t, pgcluster.Options{BinDir: bin, Settings: map[string]string{"max_connections": "200"}})
}

// require skips the test where something is not installed, and fails it in CI.
func require(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		pgtest.Missing(t, err)
	}
}

// results are what was found, by section and name, for the document.
type results struct {
	mu    sync.Mutex
	found map[[2]string]string
}

func (r *results) set(section, name, result string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.found[[2]string{section, name}] = result
}

// TestCompatibility tries everything, and holds the document to what it finds.
func TestCompatibility(t *testing.T) {
	r := &results{found: map[[2]string]string{}}
	t.Run("trials", func(t *testing.T) {
		c := server(t, newest)
		t.Run("all", func(t *testing.T) { // a group, so that the server outlives it
			for _, g := range groups {
				for _, trial := range g.trials {
					t.Run(g.title+"/"+trial.name, func(t *testing.T) {
						t.Parallel()
						r.set(g.title, trial.name, trial.try(t, c))
					})
				}
			}
		})
	})
	t.Run("servers", func(t *testing.T) { tryServers(t, r) })
	t.Run("versions", func(t *testing.T) { tryVersions(t, r) })
	if t.Failed() || t.Skipped() {
		return
	}
	const path = "../../docs/compatibility.md"
	text := document(r)
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(written), text); diff != "" {
		t.Errorf("docs/compatibility.md is not what was found; go test ./internal/compat -update writes it (-document +found):\n%s", diff)
	}
}

// try copies the trial's table twice, the second time over the first, and says
// what came of it.
func (tr trial) try(t *testing.T, c *pgcluster.Cluster) string {
	src, dst := pgtest.On(t, c), pgtest.On(t, c)
	names := strings.NewReplacer("ROLE", "role_"+src.Name, "DB", dst.Name)
	if tr.asRole || tr.toRole {
		src.Exec(t, names.Replace("CREATE USER ROLE"))
	}
	src.Exec(t, names.Replace(tr.source))
	if tr.target != "" {
		dst.Exec(t, names.Replace(tr.target))
	}
	from, to := src.DSN, dst.DSN
	if tr.asRole {
		from = as(t, from, names.Replace("ROLE"))
	}
	if tr.toRole {
		to = as(t, to, names.Replace("ROLE"))
	}
	spec := tr.stream()
	cfg := tunetest.Config(from, to, spec)
	plans, err := runtime.Inspect(t.Context(), cfg)
	if refusal := refusalOf(plans, err); refusal != "" || tr.refused != "" {
		if tr.refused == "" || !strings.Contains(refusal, tr.refused) {
			t.Fatalf("refused: %q, want …%s…", refusal, tr.refused)
		}
		return "refused: " + tidy(refusal, src, dst)
	}
	tunetest.MustRun(t, cfg)
	tr.compare(t, src, dst)
	tunetest.MustRun(t, tunetest.Config(from, to, spec))
	tr.compare(t, src, dst)
	result := "identical"
	if tr.rowsOnly {
		result = "the rows are identical"
	}
	if tr.note != "" {
		result += "; " + tr.note
	}
	for _, step := range plans[0].Target.Steps {
		if slices.Contains(plans[0].Stream.Table.Omitted, step) || leftOut.MatchString(step) {
			result += "; " + step
		}
	}
	return tidy(result, src, dst)
}

// leftOut are steps that say what a copy does not take along.
var leftOut = regexp.MustCompile(` is left out: | and is not generated`)

func (tr trial) stream() connectors.StreamSpec {
	name := tr.table
	if name == "" {
		name = "t"
	}
	spec := tunetest.Stream(name)
	spec.Verify = connectors.VerifyChecksum
	if tr.spec != nil {
		tr.spec(&spec)
	}
	return spec
}

// refusalOf is what keeps a run from beginning.
func refusalOf(plans []runtime.StreamPlan, err error) string {
	if about := new(connectors.StreamError); errors.As(err, &about) {
		return about.Err.Error()
	}
	if err != nil {
		return err.Error()
	}
	return strings.Join(slices.Concat(plans[0].Problems, plans[0].Target.Problems), "; ")
}

// tidy takes out of a sentence the names that are others each time.
func tidy(text string, src, dst *pgtest.DB) string {
	text = strings.NewReplacer("role_"+src.Name, "ROLE", `"`+dst.Name+`"`, `"DB"`).Replace(text)
	return regexp.MustCompile(` \(SQLSTATE \w+\)`).ReplaceAllString(text, "")
}

// as is the DSN of another role.
func as(t *testing.T, dsn, role string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	return u.String()
}

// definitionSQL is what belongs to a table, one line each.
const definitionSQL = `
WITH t AS (SELECT to_regclass(quote_ident('public') || '.' || quote_ident($1)) AS oid)
SELECT 'column ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || concat_ws(' ', a.attnotnull, a.attidentity, a.attgenerated, a.attstorage, a.attcompression) ||
	coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') || coalesce(' collate ' || (SELECT collname FROM pg_collation WHERE oid = a.attcollation), '') || coalesce(' -- ' || col_description(a.attrelid, a.attnum), '') ||
	coalesce(' sequence ' || pg_get_serial_sequence('public.' || quote_ident($1), a.attname), '')
FROM t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
UNION ALL SELECT 'constraint ' || conname || ' ' || pg_get_constraintdef(c.oid) || coalesce(' -- ' || obj_description(c.oid, 'pg_constraint'), '') FROM t JOIN pg_constraint c ON c.conrelid = t.oid
UNION ALL SELECT 'index ' || pg_get_indexdef(i.indexrelid) || coalesce(' -- ' || obj_description(i.indexrelid, 'pg_class'), '') FROM t JOIN pg_index i ON i.indrelid = t.oid
UNION ALL SELECT 'comment ' || obj_description(t.oid, 'pg_class') FROM t WHERE obj_description(t.oid, 'pg_class') IS NOT NULL
ORDER BY 1`

// compare holds that the rows of both sides are the same, and their definitions.
func (tr trial) compare(t *testing.T, src, dst *pgtest.DB) {
	t.Helper()
	spec := tr.stream()
	relation := `"public"."` + strings.ReplaceAll(spec.Table, `"`, `""`) + `"`
	row := "t::text"
	if spec.Columns != nil {
		row = "ROW(t." + strings.Join(spec.Columns, ", t.") + ")::text"
	}
	rows := func(db *pgtest.DB, only string) [][]string {
		return db.Query(t, fmt.Sprintf(`SELECT md5(%[1]s), left(%[1]s, 200) FROM %[2]s %[3]s AS t ORDER BY 1`, row, only, relation))
	}
	only := "ONLY"
	if tr.rowsOnly {
		only = ""
	}
	if diff := cmp.Diff(rows(src, only), rows(dst, "")); diff != "" {
		t.Errorf("rows (-source +destination):\n%s", diff)
	}
	if tr.rowsOnly || tr.target != "" {
		return
	}
	if diff := cmp.Diff(src.Query(t, definitionSQL, spec.Table), dst.Query(t, definitionSQL, spec.Table)); diff != "" {
		t.Errorf("definition (-source +destination):\n%s", diff)
	}
}

// serverTable is the section of the document about what stands between.
const serverTable = "Servers and poolers"

// tryServers copies by way of standbys and poolers.
func tryServers(t *testing.T, r *results) {
	c := server(t, newest)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	standby, err := c.Standby(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer standby.Close()
	src := pgtest.On(t, c)
	src.Exec(t, "CREATE TABLE t AS SELECT i AS a, repeat('x', i % 300) AS b FROM generate_series(1, 50000) i; ALTER TABLE t ADD PRIMARY KEY (a)")
	follower, any := &pgtest.DB{Name: src.Name, DSN: standby.DSN(src.Name)}, &pgtest.DB{DSN: standby.DSN("postgres")}
	end := src.Query(t, "SELECT pg_current_wal_lsn()")[0][0]
	for any.Query(t, "SELECT pg_last_wal_replay_lsn() < $1::text::pg_lsn", end)[0][0] == "t" {
		time.Sleep(10 * time.Millisecond)
	}
	pools := map[string]*pgcluster.Pooler{}
	for _, mode := range []string{"transaction", "session"} {
		p, err := c.Pooler(ctx, mode)
		require(t, err)
		defer p.Close()
		pools[mode] = p
	}
	for _, tc := range []struct {
		name    string
		from    string
		to      func(db string) string
		refused string
	}{
		{"a standby as the source", follower.DSN, c.DSN, ""},
		{"a standby as the destination", src.DSN, func(string) string { return standby.DSN(src.Name) }, "give the address of its primary"},
		{"PgBouncer in front of the source, pool_mode = session", pools["session"].DSN(src.Name), c.DSN, ""},
		{"PgBouncer in front of the destination, pool_mode = session", src.DSN, pools["session"].DSN, ""},
		{"PgBouncer in front of the source, pool_mode = transaction", pools["transaction"].DSN(src.Name), c.DSN, "give the server's own address"},
		{"PgBouncer in front of the destination, pool_mode = transaction", src.DSN, pools["transaction"].DSN, "give the server's own address"},
	} {
		dst := pgtest.On(t, c)
		spec := tunetest.Stream("t")
		spec.Verify = connectors.VerifyChecksum
		cfg := tunetest.Config(tc.from, tc.to(dst.Name), spec)
		plans, err := runtime.Inspect(ctx, cfg)
		refusal := refusalOf(plans, err)
		switch {
		case tc.refused != "" && strings.Contains(refusal, tc.refused):
			_, err := runtime.Run(ctx, cfg)
			if err == nil {
				t.Errorf("%s: a run is not refused", tc.name)
			}
			r.set(serverTable, tc.name, "refused: "+tidy(refusal, src, dst))
			continue
		case refusal != tc.refused:
			t.Errorf("%s: refused %q, want …%s…", tc.name, refusal, tc.refused)
			continue
		}
		for range 2 {
			cfg.Run.ID += "x"
			tunetest.MustRun(t, cfg)
			trial{}.compare(t, src, dst)
		}
		r.set(serverTable, tc.name, "identical")
	}
}

// mixed is a schema that every version has.
const mixed = `CREATE TYPE mood AS ENUM ('sad', 'it''s ok'); CREATE DOMAIN posint AS int CHECK (VALUE > 0); CREATE TYPE pair AS (x int, y text);
	CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a mood, b posint[], c pair, d numeric(10,2), e timestamptz, f jsonb, g bytea, h uuid, i int4multirange, j text COLLATE "C" NOT NULL DEFAULT 'x', k int GENERATED ALWAYS AS (b[1] * 2) STORED, l inet, m interval, n float8, o tsvector, p xml);
	INSERT INTO t (a, b, c, d, e, f, g, h, i, j, l, m, n, o, p) SELECT 'it''s ok', ARRAY[i, NULL], ROW(i, 'a,b'::text)::pair, i / 3.0, timestamptz 'infinity', jsonb_build_object('i', i), decode('00ff', 'hex'), md5(i::text)::uuid, '{[1,2),[5,)}', repeat('é', i % 50), '::1', '-1 mon 2 days', '-0', 'a:1 b', '<a/>' FROM generate_series(1, 5000) i;
	CREATE INDEX ON t (j, d DESC) WHERE id > 7; CREATE INDEX ON t USING gin (f); ALTER TABLE t ADD CHECK (d >= 0), ADD UNIQUE (h);
	COMMENT ON TABLE t IS 'mixed'; CREATE TABLE u (a int, b date) PARTITION BY RANGE (b); CREATE TABLE u1 PARTITION OF u DEFAULT; INSERT INTO u SELECT i, date '2024-01-01' + i FROM generate_series(1, 3000) i`

// versionTable is the section of the document about versions.
const versionTable = "Versions"

// tryVersions copies from every version to every version.
func tryVersions(t *testing.T, r *results) {
	clusters := map[int]*pgcluster.Cluster{}
	sources := map[int]*pgtest.DB{}
	for _, v := range versions {
		clusters[v] = server(t, v)
		sources[v] = pgtest.On(t, clusters[v])
		sources[v].Exec(t, mixed)
	}
	t.Run("pairs", func(t *testing.T) {
		for _, from := range versions {
			for _, to := range versions {
				pair := fmt.Sprint(from, " ", to)
				t.Run(pair, func(t *testing.T) {
					t.Parallel()
					src, dst := sources[from], pgtest.On(t, clusters[to])
					streams := []connectors.StreamSpec{trial{}.stream(), trial{table: "u"}.stream()}
					for range 2 {
						tunetest.MustRun(t, tunetest.Config(src.DSN, dst.DSN, streams...))
						trial{rowsOnly: true}.compare(t, src, dst)
						trial{table: "u", rowsOnly: true}.compare(t, src, dst)
					}
					r.set(versionTable, pair, "identical")
				})
			}
		}
	})
}

// document writes the results down.
func document(r *results) string {
	var b strings.Builder
	b.WriteString(`# What rbt copies

Written by ` + "`go test ./internal/compat -update`" + `, which tries every line on real servers; every test run holds the page to
what it finds. Each table is copied twice, the second time over the first, and compared with its source: the text of all rows, and
where the target is a table like the source the definition too (columns, defaults, constraints, indexes, comments, sequences).
"Refused" is said by ` + "`rbt check`" + ` and before a run moves a row; the sentence is the one that it says.

The servers are PostgreSQL 18, unless a line says otherwise.
`)
	cell := func(text string) string {
		return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;", "*", `\*`, "_", `\_`).Replace(text)
	}
	section := func(title string, names []string) {
		fmt.Fprintf(&b, "\n## %s\n\n| what | result |\n|---|---|\n", title)
		for _, name := range names {
			fmt.Fprintf(&b, "| %s | %s |\n", cell(name), cell(r.found[[2]string{title, name}]))
		}
	}
	for _, g := range groups {
		var names []string
		for _, tr := range g.trials {
			names = append(names, tr.name)
		}
		section(g.title, names)
	}
	var names []string
	for key := range r.found {
		if key[0] == serverTable {
			names = append(names, key[1])
		}
	}
	slices.Sort(names)
	section(serverTable, names)
	fmt.Fprintf(&b, "\n## %s\n\nTwo tables with most of the above, from each version to each:\n\n| from \\ to |", versionTable)
	for _, to := range versions {
		fmt.Fprintf(&b, " %d |", to)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(versions)) + "\n")
	for _, from := range versions {
		fmt.Fprintf(&b, "| %d |", from)
		for _, to := range versions {
			fmt.Fprintf(&b, " %s |", r.found[[2]string{versionTable, fmt.Sprint(from, " ", to)}])
		}
		b.WriteString("\n")
	}
	return b.String()
}
