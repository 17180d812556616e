package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/rapidbyte/rbt/internal/testbed"
)

// table is one that the contenders copy. It has no indexes, and its rows are the same every time.
type table struct {
	name    string
	columns string // as CREATE TABLE has them
	row     string // the values of row i, as SELECT has them
}

func (t table) create() string { return "CREATE TABLE " + t.name + " (" + t.columns + ")" }

// fillers is how many connections fill a table.
const fillers = 2

// fill makes the table at the source, and leaves it as if it had been there for long: without the hint bits that the
// first reader would have to set.
func (t table) fill(ctx context.Context, source *testbed.Server, rows int) error {
	var inserts []string
	for part := range fillers {
		inserts = append(inserts, fmt.Sprintf("INSERT INTO %s SELECT %s FROM generate_series(%d, %d, %d) AS i",
			t.name, t.row, part, rows-1, fillers))
	}
	if err := source.Exec(ctx, t.create()); err != nil {
		return err
	}
	if err := source.ExecAtOnce(ctx, inserts...); err != nil {
		return err
	}
	return source.Exec(ctx, "VACUUM (FREEZE, ANALYZE) "+t.name)
}

// draw is an SQL expression of a number from 0 to below n that depends on the row and the salt alone.
func draw(salt int, n string) string {
	return fmt.Sprintf("((hashint8extended(i, %d) & 2147483647) %% %s)", salt, n)
}

// tables are the shapes to measure: numbers and times, and text of TPC-H's longest table.
func tables() []table { return []table{metrics(), lineitem()} }

func metrics() table {
	return table{
		name: "metrics",
		columns: "id bigint NOT NULL, device uuid NOT NULL, at timestamptz NOT NULL, " +
			"temperature float8, pressure float8, humidity float8, status integer NOT NULL",
		row: strings.Join([]string{
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

func lineitem() table {
	ship := "date '1992-01-02' + " + draw(8, "2500") + "::integer"
	return table{
		name: "lineitem",
		columns: "l_orderkey bigint NOT NULL, l_partkey integer NOT NULL, l_suppkey integer NOT NULL, " +
			"l_linenumber integer NOT NULL, l_quantity numeric(15,2) NOT NULL, l_extendedprice numeric(15,2) NOT NULL, " +
			"l_discount numeric(15,2) NOT NULL, l_tax numeric(15,2) NOT NULL, l_returnflag char(1) NOT NULL, " +
			"l_linestatus char(1) NOT NULL, l_shipdate date NOT NULL, l_commitdate date NOT NULL, " +
			"l_receiptdate date NOT NULL, l_shipinstruct char(25) NOT NULL, l_shipmode char(10) NOT NULL, " +
			"l_comment varchar(44) NOT NULL",
		row: strings.Join([]string{
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
