package postgres

import (
	"testing"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/connectors/conntest"
	"github.com/rapidbyte/rbt/internal/pgtest"
)

func TestContract(t *testing.T) {
	t.Parallel()
	conntest.Exercise(t, func(t testing.TB) conntest.Harness {
		src, dst := pgtest.New(t), pgtest.New(t)
		role := createRole(t, dst, "login")
		dst.Exec(t, `GRANT CREATE ON DATABASE `+dst.Name+` TO `+role+`; GRANT CREATE ON SCHEMA public TO `+role+`;
			REVOKE EXECUTE ON FUNCTION pg_current_wal_insert_lsn(), pg_control_checkpoint() FROM public`)
		src.Exec(t, `CREATE TABLE items (id int8 PRIMARY KEY, name text, at timestamptz);
			INSERT INTO items SELECT i - 500, 'item ' || i, '2026-01-01'::timestamptz + i * interval '1 h' FROM generate_series(1, 3000) i;
			ANALYZE items`)
		rows := func(db *pgtest.DB) func(testing.TB) []string {
			return func(t testing.TB) []string {
				var out []string
				if db.Query(t, "SELECT to_regclass('items')")[0][0] == "NULL" {
					return nil
				}
				for _, row := range db.Query(t, `SELECT items::text FROM items ORDER BY items::text COLLATE "C"`) {
					out = append(out, row[0])
				}
				return out
			}
		}
		return conntest.Harness{
			Source:      NewSource(Config{DSN: src.DSN, Pipeline: "conntest"}, SourceOptions{}),
			Destination: NewDestination(Config{DSN: as(t, dst, role), Pipeline: "conntest"}, DestinationOptions{}),
			Stream: connectors.StreamSpec{
				Name: "public.items", Schema: "public", Table: "items",
				WriteMode: connectors.Replace, Resume: connectors.Restart,
			},
			SourceRows: rows(src),
			TargetRows: rows(dst),
			Change: func(t testing.TB) {
				src.Exec(t, "DELETE FROM items WHERE id % 3 = 0; UPDATE items SET name = 'changed'; INSERT INTO items VALUES (99999, 'new', now())")
			},
		}
	})
}
