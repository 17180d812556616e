package testbed

import (
	"context"
	"fmt"
	"strings"
)

// Table is one to be copied. Its rows are the same every time.
type Table struct {
	Name    string
	Columns string   // as CREATE TABLE has them
	Row     string   // the values of row i, as SELECT has them
	Key     string   // its primary key; empty is none, and no index
	Indexes []string // the columns of each further index
}

// Create is the statement that makes the table, without its key.
func (t Table) Create() string { return "CREATE TABLE " + t.Name + " (" + t.Columns + ")" }

// fillers is how many connections fill a table.
const fillers = 2

// Fill makes the table at the source, and leaves it as if it had been there for long: without the hint bits that the
// first reader would have to set.
func (t Table) Fill(ctx context.Context, source *Server, rows int) error {
	var inserts []string
	for part := range fillers {
		inserts = append(inserts, fmt.Sprintf("INSERT INTO %s SELECT %s FROM generate_series(%d, %d, %d) AS i",
			t.Name, t.Row, part, rows-1, fillers))
	}
	if err := source.Exec(ctx, t.Create()); err != nil {
		return err
	}
	if err := source.ExecAtOnce(ctx, inserts...); err != nil {
		return err
	}
	if t.Key != "" {
		if err := source.Exec(ctx, "ALTER TABLE "+t.Name+" ADD PRIMARY KEY ("+t.Key+")"); err != nil {
			return err
		}
	}
	for _, columns := range t.Indexes {
		if err := source.Exec(ctx, "CREATE INDEX ON "+t.Name+" ("+columns+")"); err != nil {
			return err
		}
	}
	return source.Exec(ctx, "VACUUM (FREEZE, ANALYZE) "+t.Name)
}

// Sized is a table with so many rows.
type Sized struct {
	Table
	Rows int
}

// Refill makes the database anew, with the tables in it.
func (s *Server) Refill(ctx context.Context, tables []Sized) error {
	if err := s.Renew(ctx); err != nil {
		return err
	}
	for _, t := range tables {
		if err := t.Fill(ctx, s, t.Rows); err != nil {
			return fmt.Errorf("fill %s: %w", t.Name, err)
		}
	}
	return nil
}

// RowsOf are the tables' rows, as a [Turn] wants them.
func RowsOf(tables []Sized) map[string]int64 {
	rows := map[string]int64{}
	for _, t := range tables {
		rows[t.Name] = int64(t.Rows)
	}
	return rows
}

// draw is an SQL expression of a number from 0 to below n that depends on the row and the salt alone.
func draw(salt int, n string) string {
	return fmt.Sprintf("((hashint8extended(i, %d) & 2147483647) %% %s)", salt, n)
}

// Metrics is numbers and times.
func Metrics() Table {
	return Table{
		Name: "metrics",
		Columns: "id bigint NOT NULL, device uuid NOT NULL, at timestamptz NOT NULL, " +
			"temperature float8, pressure float8, humidity float8, status integer NOT NULL",
		Row: strings.Join([]string{
			"i",
			"md5(" + draw(1, "5000") + "::text)::uuid",
			"timestamptz '2024-01-01' + i * interval '250 milliseconds'",
			draw(2, "100000") + " / 1000.0::float8",
			draw(3, "1000000") + " / 997.0::float8",
			draw(4, "1000000") + " / 10007.0::float8",
			draw(5, "5") + "::integer",
		}, ", "),
	}
}

// comments is what l_comment's text is cut from: dbgen cuts it from a pool of sentences too.
const comments = `carefully final deposits detect slyly agains. quickly regular accounts wake furiously among the bold ` +
	`requests; ironic packages cajole blithely. even theodolites haggle across the express, pending instructions: ` +
	`silent foxes nag about the unusual platelets. fluffily special pinto beans sleep above the idle dependencies`

// Lineitem is TPC-H's longest table.
func Lineitem() Table {
	ship := "date '1992-01-02' + " + draw(8, "2500") + "::integer"
	return Table{
		Name: "lineitem",
		Columns: "l_orderkey bigint NOT NULL, l_partkey integer NOT NULL, l_suppkey integer NOT NULL, " +
			"l_linenumber integer NOT NULL, l_quantity numeric(15,2) NOT NULL, l_extendedprice numeric(15,2) NOT NULL, " +
			"l_discount numeric(15,2) NOT NULL, l_tax numeric(15,2) NOT NULL, l_returnflag char(1) NOT NULL, " +
			"l_linestatus char(1) NOT NULL, l_shipdate date NOT NULL, l_commitdate date NOT NULL, " +
			"l_receiptdate date NOT NULL, l_shipinstruct char(25) NOT NULL, l_shipmode char(10) NOT NULL, " +
			"l_comment varchar(44) NOT NULL",
		Row: strings.Join([]string{
			"i / 4 + 1",
			draw(1, "200000") + "::integer + 1",
			draw(2, "10000") + "::integer + 1",
			"(i % 4)::integer + 1",
			draw(3, "50") + " + 1",
			draw(4, "10400000") + " / 100.0 + 900",
			draw(5, "11") + " / 100.0",
			draw(6, "9") + " / 100.0",
			pick(7, "R", "A", "N"),
			pick(8, "O", "F"),
			ship,
			ship + " - 30 + " + draw(9, "60") + "::integer",
			ship + " + 1 + " + draw(10, "30") + "::integer",
			pick(11, "DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN"),
			pick(12, "REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"),
			"substr('" + comments + "', " + draw(13, "250") + "::integer + 1, 10 + " + draw(14, "34") + "::integer)",
		}, ", "),
	}
}

// pick is an SQL expression of one of the values.
func pick(salt int, values ...string) string {
	return fmt.Sprintf("('{%s}'::text[])[1 + %s]", `"`+strings.Join(values, `","`)+`"`, draw(salt, fmt.Sprint(len(values))))
}

// Skewed is like Metrics, but half of its keys are in a hundredth of their range, one after the other and negative, and
// the others have gaps between them.
func Skewed() Table {
	t := Metrics()
	t.Name, t.Key = "skewed", "id"
	t.Row = "CASE WHEN i % 2 = 0 THEN -1 - i / 2 ELSE 50 * i END" + strings.TrimPrefix(t.Row, "i")
	return t
}

// Events is documents and lists.
func Events() Table {
	return Table{
		Name: "events",
		Columns: "id bigint NOT NULL, at timestamptz NOT NULL, kind text NOT NULL, tags text[] NOT NULL, " +
			"payload jsonb NOT NULL",
		Key: "id",
		Row: strings.Join([]string{
			"i",
			"timestamptz '2024-01-01' + i * interval '1 second'",
			pick(1, "signup", "login", "purchase", "refund", "logout"),
			"ARRAY[" + pick(2, "web", "ios", "android") + ", 'v' || " + draw(3, "40") + ", 'region-' || " + draw(4, "12") + "]",
			"jsonb_build_object('user', " + draw(5, "1000000") + ", 'session', md5(i::text), 'amount', " + draw(6, "100000") +
				" / 100.0, 'items', jsonb_build_array(" + draw(7, "5000") + ", " + draw(8, "5000") + ", " + draw(9, "5000") +
				"), 'note', substr('" + comments + "', " + draw(10, "200") + "::integer + 1, 80))",
		}, ", "),
	}
}

// Texts is a table of long texts that compress to about half, of so many bytes.
func Texts(name string, bytes int) Table {
	const piece = 32 + 64 // of the expression below
	return Table{
		Name:    name,
		Columns: "id bigint NOT NULL, at timestamptz NOT NULL, body text NOT NULL",
		Key:     "id",
		Row: strings.Join([]string{
			"i",
			"timestamptz '2024-01-01' + i * interval '1 second'",
			fmt.Sprintf("(SELECT substr(string_agg(md5(i || ' ' || k) || substr('%s', 1 + (i * 7 + k * 13)::integer %% 200, 64), ''), 1, %d) "+
				"FROM generate_series(1, %d) AS k)", comments, bytes, (bytes+piece-1)/piece),
		}, ", "),
	}
}

// Documents is a table of a few values and a body, whose rows are of so many bytes as binary COPY sends them. The body
// does not compress, as pictures do not: else a server would do little besides compressing it.
func Documents(name string, rowBytes int) Table {
	const (
		others = 2 + 5*4 + 8 + 8 + 8 + 4 // a count, lengths, and the values besides the text
		piece  = 64                      // a SHA-512
	)
	length := rowBytes - others
	return Table{
		Name:    name,
		Columns: "id bigint NOT NULL, at timestamptz NOT NULL, amount float8 NOT NULL, status integer NOT NULL, body bytea NOT NULL",
		Key:     "id",
		Row: strings.Join([]string{
			"i",
			"timestamptz '2024-01-01' + i * interval '1 second'",
			draw(1, "1000000") + " / 997.0::float8",
			draw(2, "5") + "::integer",
			fmt.Sprintf("(SELECT substr(string_agg(sha512((i || ' ' || k)::bytea), ''), 1, %d) FROM generate_series(1, %d) AS k)",
				length, (length+piece-1)/piece),
		}, ", "),
	}
}
