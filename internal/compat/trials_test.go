package compat

import "github.com/rapidbyte/rbt/connectors"

// trial is something that a source has. The stream copies table t, unless it says
// otherwise.
type trial struct {
	name   string
	source string // SQL at the source; ROLE is a role that may log in
	target string // at the destination, before the first run; ROLE likewise
	table  string // at the source, in quotes where it must be; empty for t
	spec   func(*connectors.StreamSpec)

	asRole   bool   // the source is read by ROLE
	toRole   bool   // the destination is written by ROLE
	rowsOnly bool   // the target is another kind of relation than the source's
	note     string // what else is other than at the source
	refused  string // a part of the sentence; empty where the copy is identical
}

// group is a table of the document.
type group struct {
	title  string
	trials []trial
}

// typed is a table with one column for each value.
func typed(name, columns, rows string) trial {
	return trial{name: name, source: "CREATE TABLE t (" + columns + "); INSERT INTO t VALUES " + rows}
}

// everyType is one row for each built-in type, with its odd values.
var everyType = []trial{
	typed("boolean, smallint, integer, bigint: bounds, NULL", "a bool, b smallint, c int, d bigint",
		"(true, -32768, -2147483648, -9223372036854775808), (false, 32767, 2147483647, 9223372036854775807), (NULL, NULL, NULL, NULL)"),
	typed("numeric: NaN, infinities, 1000 digits, scales", "a numeric, b numeric(10,2), c numeric(1000,500), d numeric(3,0)",
		"('NaN', 'NaN', 'NaN', NULL), ('Infinity', 0.00, repeat('9', 499)::numeric + 0.1, -999), ('-Infinity', -0.01, 1e-500, 0), (1.000, 1, 1, 1), (10::numeric ^ 30000 + 0.5, 0, 0, 0)"),
	typed("real, double precision: NaN, infinities, -0, denormals", "a real, b float8",
		"('NaN', 'NaN'), ('Infinity', '-Infinity'), ('-0', '-0'), (1e-45, 5e-324), (3.4028235e38, 1.7976931348623157e308), (0.1, 0.1)"),
	typed("money: bounds", "a money", "('-92233720368547758.08'), ('92233720368547758.07'), ('0')"),
	typed("text, varchar, char, name, \"char\": empty, blanks, control characters, 1 MB", `a text, b varchar(5), c char(5), d name, e "char", f varchar`,
		`('', '', '', '', '', ''), (E'tab\t new\n line\r back\\slash \x01 N \\N \\.', 'a  ', 'a', 'name', 'c', repeat('é', 500000)), ('\N', '\.', NULL, NULL, E'\001', ' '), (U&'\+01F600 \0301 \200F', 'ünïcø', '日本', NULL, NULL, NULL)`),
	{name: "bytea: every byte, empty, 1 MB", source: `CREATE TABLE t (a bytea);
		INSERT INTO t SELECT string_agg(set_byte('\x00', 0, i), '' ORDER BY i) FROM generate_series(0, 255) i; INSERT INTO t VALUES (''), (NULL), (decode(repeat('00ff0a0d5c', 200000), 'hex'))`},
	typed("date: infinities, BC, bounds", "a date", "('infinity'), ('-infinity'), ('4713-01-01 BC'), ('5874897-12-31'), ('0001-01-01'), ('2024-02-29')"),
	typed("time, timetz: 24:00, microseconds, zones", "a time, b timetz, c time(0)", "('24:00', '24:00:00-15:59', '23:59:59'), ('00:00:00.000001', '00:00:00.000001+15:59', '00:00'), (NULL, '12:00:00.5+05:30', '24:00')"),
	typed("timestamp, timestamptz: infinities, BC, bounds, precision", "a timestamp, b timestamptz, c timestamptz(3)",
		"('infinity', '-infinity', 'infinity'), ('4713-01-01 00:00:00 BC', '4713-01-01 00:00:00+00 BC', '2024-03-31 02:30:00+02'), ('294276-12-31 23:59:59.999999', '294276-12-31 23:59:59.999999+00', '1999-12-31 23:59:59.9999')"),
	typed("interval: mixed signs, fields, bounds", "a interval, b interval year to month, c interval(0)",
		"('-1 year 2 months -3 days 04:05:06.789', '1 year 3 months', '1.5 seconds'), ('178000000 years', '-1 month', '0'), ('-178000000 years', NULL, NULL), ('1 day -24:00', NULL, NULL)"),
	{name: "interval: infinities", source: "CREATE TABLE t (a interval); INSERT INTO t VALUES ('infinity'), ('-infinity')"},
	typed("uuid", "a uuid", "('00000000-0000-0000-0000-000000000000'), ('ffffffff-ffff-ffff-ffff-ffffffffffff'), ('01890a5d-ac96-774b-bcce-b302099a8057')"),
	typed("bit, bit varying: empty, long", "a bit(3), b bit varying, c bit varying(5)", "(B'101', B'', B'10101'), (B'000', repeat('10', 5000)::bit varying, B''), (NULL, NULL, NULL)"),
	typed("inet, cidr, macaddr, macaddr8", "a inet, b cidr, c macaddr, d macaddr8",
		"('192.168.0.1/24', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05'), ('::1', '::/0', 'ff:ff:ff:ff:ff:ff', '00:00:00:ff:fe:00:00:00'), ('::ffff:1.2.3.4/96', '2001:db8::/32', NULL, NULL)"),
	typed("json: as it was written", "a json", `('{"a" : 1, "a":2}'), (' [1, 1.0, 1e5, "\u00e9", null] '), ('null'), ('"\\n"'), ('{}')`),
	{name: "jsonb: nested, 1 MB, numbers", source: `CREATE TABLE t (a jsonb); INSERT INTO t VALUES ('null'), ('{"a": [1, 1.00, 1e400, -0, {"b": "é"}], "": ""}'), ('[]'), ('"x"'), (NULL);
		INSERT INTO t SELECT jsonb_agg(jsonb_build_object('k', i, 'v', repeat('x', 20))) FROM generate_series(1, 20000) i`},
	typed("xml: documents and content", "a xml", `('<a b="c">é</a>'), ('text'), ('<?xml version="1.0"?><a/>'), ('')`),
	typed("jsonpath, tsvector, tsquery", "a jsonpath, b tsvector, c tsquery", `('$.a[*] ? (@ > 1)', 'a:1A b:2,3 ''it''''s'':4', 'a & !b | c:*A <2> d'), ('$', '', ''), (NULL, NULL, NULL)`),
	typed("point, line, lseg, box, path, polygon, circle", "a point, b line, c lseg, d box, e path, f polygon, g circle",
		"('(1,-0)', '{1,-1,0}', '[(0,0),(1,1)]', '(1,1),(0,0)', '[(0,0),(1,1),(2,0)]', '((0,0),(1,1),(2,0))', '<(0,0),1>'), ('(NaN,Infinity)', NULL, '[(0,0),(0,0)]', NULL, '((0,0),(1,1))', '((0,0))', '<(1e300,-1e-300),0>')"),
	typed("ranges: empty, open, infinite", "a int4range, b int8range, c numrange, d daterange, e tsrange, f tstzrange",
		"('empty', 'empty', 'empty', 'empty', 'empty', 'empty'), ('(,)', '[1,)', '(1.5,2.50]', '[-infinity,infinity]', '[2024-01-01,)', '(,infinity)'), ('[1,5)', NULL, '[NaN,NaN]', '(,2024-01-01)', NULL, NULL)"),
	typed("multiranges", "a int4multirange, b nummultirange, c datemultirange, d tstzmultirange",
		"('{}', '{}', '{}', '{}'), ('{[1,2],[5,)}', '{(,1.5),[2,2]}', '{[2024-01-01,2024-01-02)}', '{(,)}')"),
	typed("arrays: empty, NULLs, dimensions, bounds, quotes", "a int[], b text[][], c numeric(5,2)[], d timestamptz[], e bytea[], f jsonb[], g bool[3]",
		`('{}', '{}', '{}', '{}', '{}', '{}', '{}'), ('[2:3][-1:0]={{1,NULL},{3,4}}', '{{"a,b","c\"d"},{"NULL",NULL}}', '{1.50,NaN}', '{infinity,NULL}', '{"\\x00ff",""}', '{"{\"a\": 1}",null}', '{t,f,NULL,t}')`),
	typed("oid, regclass, regtype, regproc, pg_lsn, xid, cid, tid, refcursor, int2vector", "a oid, b regclass, c regtype, d regprocedure, e pg_lsn, f xid, g cid, h tid, i refcursor, j int2vector, k oidvector, l pg_snapshot, m txid_snapshot, n xid8",
		"(4294967295, 'pg_class', 'int4', 'lower(text)', 'FFFFFFFF/FFFFFFFF', '3', '4', '(1,2)', 'c', '1 2', '3 4', '10:20:10,14', '10:20:', '18446744073709551615')"),
}

var groups = []group{
	{"Built-in types", everyType},
	{"Types of users and extensions", []trial{
		typed("enum: any labels, arrays", "a mood, b mood[]", "('it''s ok', '{\"\",\"a,b\",it''s ok}'), ('', '{}'), (NULL, NULL)").with(`CREATE TYPE mood AS ENUM ('', 'a,b', 'it''s ok', 'ü', E'\\')`),
		typed("domain: checks, defaults, over arrays and domains", "a posint, b texts, c two, d posint[]", "(1, '{a,NULL}', 'xy', '{1,2}'), (NULL, NULL, NULL, NULL)").
			with(`CREATE DOMAIN posint AS int CHECK (VALUE > 0); CREATE DOMAIN texts AS text[] DEFAULT '{}'; CREATE DOMAIN one AS varchar(5); CREATE DOMAIN two AS one NOT NULL DEFAULT 'x'; ALTER DOMAIN two DROP NOT NULL`),
		typed("composite: nested, arrays, NULL fields", "a pair, b nest, c pair[]", `('(1,"a,b")', '("(,)","{1,2}")', '{"(1,)",NULL}'), ('(,)', NULL, '{}'), (NULL, '(,)', NULL)`).
			with("CREATE TYPE pair AS (x int, y text); CREATE TYPE nest AS (p pair, a int[])"),
		typed("range type of a user, multirange, domain over it", "a floats, b floats[], c f01", "('[0,1.5)', '{empty,\"(,)\"}', '[0,1]'), ('empty', NULL, NULL)").
			with("CREATE TYPE floats AS RANGE (subtype = float8, subtype_diff = float8mi); CREATE DOMAIN f01 AS floats CHECK (VALUE <@ '[0,1]'::floats)"),
		{name: "hstore, citext, ltree, cube, where the destination has them", source: extensions + `CREATE TABLE t (a hstore, b citext, c ltree, d cube, e citext[]);
			INSERT INTO t VALUES ('a=>1, "b c"=>NULL', 'MiXed', 'a.b_c.d', '(1,2),(3,4)', '{A,b}'), ('', '', '', '(0)', '{}'), (NULL, NULL, NULL, NULL, NULL); CREATE INDEX ON t USING gist (c); CREATE UNIQUE INDEX ON t (b)`, target: extensions},
		{name: "hstore, where it does not", source: "CREATE EXTENSION hstore; CREATE TABLE t (a hstore)", refused: "CREATE EXTENSION"},
		{name: "a column of a table's row type", source: "CREATE TABLE u (x int, y text); CREATE TABLE t (a u); INSERT INTO t VALUES ('(1,a)')", refused: "create it on the destination"},
		{name: "the same, where the destination has it", source: "CREATE TABLE u (x int, y text); CREATE TABLE t (a u); INSERT INTO t VALUES ('(1,a)')", target: "CREATE TABLE u (x int, y text)"},
	}},
	{"Columns", []trial{
		{name: "generated columns, stored", source: "CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a * 2) STORED, c text GENERATED ALWAYS AS ('x' || a::text) STORED); INSERT INTO t (a) VALUES (1), (NULL)"},
		{name: "generated columns, virtual", source: "CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a * 2) VIRTUAL); INSERT INTO t (a) VALUES (1), (NULL)"},
		{name: "a generated column by a function that the destination lacks", source: "CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2 * $1'; CREATE TABLE t (a int, b int GENERATED ALWAYS AS (twice(a)) STORED); INSERT INTO t (a) VALUES (1)", rowsOnly: true},
		{name: "identity columns: always, by default, options", source: "CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY (START 10 INCREMENT -5 MINVALUE -100 MAXVALUE 10), b bigint GENERATED BY DEFAULT AS IDENTITY, c int); INSERT INTO t (c) SELECT generate_series(1, 10)"},
		{name: "serial columns, smallserial", source: "CREATE TABLE t (a smallserial, b bigserial PRIMARY KEY); INSERT INTO t SELECT FROM generate_series(1, 10)"},
		{name: "a default from a sequence that no column owns", source: "CREATE SEQUENCE s; CREATE TABLE t (a int, c int DEFAULT nextval('s')); INSERT INTO t SELECT generate_series(1, 10)", rowsOnly: true, note: "the column owns its sequence then"},
		{name: "defaults, NOT NULL, collations", source: `CREATE TABLE t (a timestamptz NOT NULL DEFAULT now(), b text COLLATE "C" DEFAULT 'it''s', c int DEFAULT 1 + 2, d uuid DEFAULT gen_random_uuid()); INSERT INTO t (a) VALUES ('2024-01-01')`},
		{name: "storage and compression", source: "CREATE TABLE t (a text STORAGE EXTERNAL, b text COMPRESSION pglz); ALTER TABLE t ALTER a SET STORAGE EXTERNAL; INSERT INTO t VALUES (repeat('x', 100000), repeat('y', 100000))"},
		{name: "dropped columns", source: "CREATE TABLE t (a int, b text, c int); INSERT INTO t VALUES (1, 'x', 2); ALTER TABLE t DROP b; ALTER TABLE t ADD d text DEFAULT 'later'; INSERT INTO t VALUES (3, 4, 'y')"},
		{name: "1600 columns", source: `DO $$ BEGIN EXECUTE 'CREATE TABLE t (' || (SELECT string_agg('c' || i || ' int', ', ') FROM generate_series(1, 1600) i) || ')'; END $$; INSERT INTO t (c1, c1600) VALUES (1, 1600), (NULL, 2)`},
		{name: "no columns", source: "CREATE TABLE t (); INSERT INTO t DEFAULT VALUES; INSERT INTO t DEFAULT VALUES"},
		{name: "comments", source: "CREATE TABLE t (a int CONSTRAINT k PRIMARY KEY); COMMENT ON TABLE t IS 'it''s'; COMMENT ON COLUMN t.a IS 'ü'; COMMENT ON CONSTRAINT k ON t IS 'k'; COMMENT ON INDEX k IS 'i'; INSERT INTO t VALUES (1)"},
	}},
	{"Names", []trial{
		{name: "mixed case, reserved words, blanks", source: `CREATE TABLE "Select From" ("Order" int PRIMARY KEY, "group" text, "a b" int, "user" int); CREATE INDEX "Where" ON "Select From" ("group"); INSERT INTO "Select From" VALUES (1, 'x', 2, 3)`, table: "Select From"},
		{name: "quotes, backslashes, dots, percent signs, line ends", source: `CREATE TABLE "a""b'c\d.e%s$1` + "\n" + `f" ("x""y" int, "it's" text, "\" int, "a.b" int, "%d" int, "$1" int); INSERT INTO "a""b'c\d.e%s$1` + "\n" + `f" VALUES (1, 'x', 2, 3, 4, 5)`, table: "a\"b'c\\d.e%s$1\nf"},
		{name: "unicode, 63 bytes", source: `CREATE TABLE "日本語のテーブルの名前がとても長いです" ("ключ" int PRIMARY KEY, "😀" text); INSERT INTO "日本語のテーブルの名前がとても長いです" VALUES (1, 'x')`, table: "日本語のテーブルの名前がとても長いです"},
		{name: "names that rbt uses itself", source: `CREATE TABLE "_rbt_t" (ctid_ int, rbt_cursor int, excluded int, t int, s int); INSERT INTO "_rbt_t" VALUES (1, 2, 3, 4, 5)`, table: "_rbt_t"},
		{name: "a column that is called as its table", source: "CREATE TABLE t (t int, a int); INSERT INTO t VALUES (1, 2)"},
	}},
	{"Tables", []trial{
		{name: "primary, unique, check, exclusion constraints; deferrable, NOT VALID, NO INHERIT", source: `CREATE TABLE t (a int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, b int UNIQUE, c int CHECK (c > 0) NO INHERIT, d int4range, EXCLUDE USING gist (d WITH &&), CONSTRAINT ab CHECK (a < b));
			INSERT INTO t VALUES (1, 2, 3, '[1,2)'); ALTER TABLE t ADD CONSTRAINT later CHECK (a > 100) NOT VALID`},
		{name: "indexes: partial, expressions, INCLUDE, opclasses, hash, gin, gist, brin, DESC", source: `CREATE TABLE t (a int, b text, c int[], d tsrange); CREATE INDEX ON t (a DESC NULLS LAST) WHERE a > 1; CREATE INDEX ON t (lower(b)); CREATE UNIQUE INDEX ON t (a) INCLUDE (b); CREATE INDEX ON t (b text_pattern_ops);
			CREATE INDEX ON t USING hash (a); CREATE INDEX ON t USING gin (c); CREATE INDEX ON t USING gist (d); CREATE INDEX ON t USING brin (a); INSERT INTO t VALUES (1, 'X', '{1}', 'empty'), (2, 'y', NULL, '(,)')`},
		{name: "NULLS NOT DISTINCT", source: "CREATE TABLE t (a int UNIQUE NULLS NOT DISTINCT); INSERT INTO t VALUES (NULL), (1)"},
		{name: "no key, duplicate rows", source: "CREATE TABLE t (a int, b text); INSERT INTO t SELECT 1, 'x' FROM generate_series(1, 1000)"},
		{name: "empty", source: "CREATE TABLE t (a int PRIMARY KEY)"},
		{name: "values of 50 MB", source: "CREATE TABLE t (a int, b text, c bytea); INSERT INTO t VALUES (1, repeat('0123456789', 5000000), decode(repeat('00ff', 10000000), 'hex')), (2, 'x', '')"},
		{name: "unlogged", source: "CREATE UNLOGGED TABLE t (a int); INSERT INTO t VALUES (1)"},
		{name: "partitioned", source: `CREATE TABLE t (a int, b date, PRIMARY KEY (a, b)) PARTITION BY RANGE (b); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY HASH (a); CREATE TABLE t11 PARTITION OF t1 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
			CREATE TABLE t12 PARTITION OF t1 FOR VALUES WITH (MODULUS 2, REMAINDER 1); CREATE TABLE t2 PARTITION OF t DEFAULT; INSERT INTO t SELECT i, date '2024-01-01' + i FROM generate_series(1, 800) i`, rowsOnly: true},
		{name: "partitioned, into a partitioned table", source: "CREATE TABLE t (a int) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t DEFAULT; INSERT INTO t SELECT generate_series(1, 100)",
			target: "CREATE TABLE t (a int) PARTITION BY HASH (a); CREATE TABLE p0 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE p1 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 1)", rowsOnly: true},
		{name: "inherited from: the table's own rows", source: "CREATE TABLE t (a int); CREATE TABLE child (b int) INHERITS (t); INSERT INTO t VALUES (1); INSERT INTO child VALUES (2, 3)"},
		{name: "one that inherits", source: "CREATE TABLE parent (a int NOT NULL); CREATE TABLE t (b int) INHERITS (parent); INSERT INTO t VALUES (2, 3)", rowsOnly: true},
		{name: "with triggers and rules", source: `CREATE TABLE t (a int); INSERT INTO t VALUES (1); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end'; CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f(); CREATE RULE r AS ON DELETE TO t DO ALSO NOTIFY x`},
		{name: "view", source: "CREATE TABLE u (a int); INSERT INTO u VALUES (1), (2); CREATE VIEW t AS SELECT a, a * 2 AS b FROM u", rowsOnly: true},
		{name: "materialized view", source: "CREATE TABLE u (a int); INSERT INTO u VALUES (1), (2); CREATE MATERIALIZED VIEW t AS SELECT a, a * 2 AS b FROM u", rowsOnly: true},
		{name: "materialized view without data", source: "CREATE MATERIALIZED VIEW t AS SELECT 1 AS a WITH NO DATA", refused: "has not been populated"},
		{name: "foreign table", source: "CREATE EXTENSION file_fdw; CREATE SERVER f FOREIGN DATA WRAPPER file_fdw; CREATE FOREIGN TABLE t (a text) SERVER f OPTIONS (program 'printf \"1\\n2\\n\"')", rowsOnly: true},
		{name: "a view as the target", source: "CREATE TABLE t (a int)", target: "CREATE VIEW t AS SELECT 1 AS a", refused: "rows can only be copied into a table"},
		{name: "a target with views on it", source: "CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1)", target: "CREATE TABLE t (a int PRIMARY KEY); CREATE VIEW v AS SELECT * FROM t"},
		{name: "foreign keys from outside of the run", source: "CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1)", target: "CREATE TABLE t (a int PRIMARY KEY); CREATE TABLE child (a int CONSTRAINT k REFERENCES t)", refused: "add a stream for it, drop the foreign key"},
	}},
	{"Roles", []trial{
		{name: "a source role that may only SELECT", source: "CREATE TABLE t (a int PRIMARY KEY, b text); INSERT INTO t VALUES (1, 'x'); GRANT SELECT ON t TO ROLE", asRole: true},
		{name: "a source role that may SELECT some columns, all copied", source: "CREATE TABLE t (a int PRIMARY KEY, b text); INSERT INTO t VALUES (1, 'x'); GRANT SELECT (a) ON t TO ROLE", asRole: true, rowsOnly: true,
			spec: func(s *connectors.StreamSpec) { s.Columns = []string{"a"} }},
		{name: "a source role that may SELECT some columns", source: "CREATE TABLE t (a int PRIMARY KEY, b text); GRANT SELECT (a) ON t TO ROLE", asRole: true, refused: "or leave it out with columns"},
		{name: "a source role without rights", source: "CREATE TABLE t (a int)", asRole: true, refused: "GRANT SELECT ON"},
		{name: "row-level security at the source", source: "CREATE TABLE t (a int); ALTER TABLE t ENABLE ROW LEVEL SECURITY; GRANT SELECT ON t TO ROLE", asRole: true, refused: "BYPASSRLS"},
		{name: "row-level security at the source, for its owner", source: "CREATE TABLE t (a int); ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t OWNER TO ROLE; INSERT INTO t VALUES (1)", asRole: true},
		{name: "a view with a security barrier and a policy behind it", source: "CREATE TABLE u (a int); ALTER TABLE u ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON u USING (a > 1); INSERT INTO u VALUES (1), (2); CREATE VIEW t WITH (security_barrier) AS SELECT * FROM u; GRANT SELECT ON t TO ROLE", asRole: true, rowsOnly: true},
		{name: "a destination role that may create in the database", source: "CREATE TABLE t (a serial PRIMARY KEY, b text); INSERT INTO t VALUES (1, 'x')", target: "GRANT CREATE ON DATABASE DB TO ROLE; GRANT CREATE, USAGE ON SCHEMA public TO ROLE", toRole: true},
		{name: "a destination role that may insert and truncate only", source: "CREATE TABLE t (a int); INSERT INTO t VALUES (1)", target: "GRANT CREATE ON DATABASE DB TO ROLE; GRANT CREATE, USAGE ON SCHEMA public TO ROLE; CREATE TABLE t (a int); GRANT INSERT, TRUNCATE ON t TO ROLE", toRole: true},
		{name: "a destination role that may not create tables", source: "CREATE TABLE t (a int)", target: "GRANT CREATE ON DATABASE DB TO ROLE; REVOKE CREATE ON SCHEMA public FROM PUBLIC", toRole: true, refused: "GRANT USAGE, CREATE ON SCHEMA"},
		{name: "a destination role that may not write the books", source: "CREATE TABLE t (a int)", target: "GRANT CREATE, USAGE ON SCHEMA public TO ROLE", toRole: true, refused: "GRANT CREATE ON DATABASE"},
	}},
}

const extensions = "CREATE EXTENSION hstore; CREATE EXTENSION citext; CREATE EXTENSION ltree; CREATE EXTENSION cube;"

// with puts SQL in front of the trial's.
func (t trial) with(sql string) trial {
	t.source = sql + "; " + t.source
	return t
}
