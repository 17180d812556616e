package postgres

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// Notes are what policies are told of a stream before its rows move, by the
// names that docs/architecture.md lists. What is not known is not among them.
// None of them takes a round trip of its own.

// connectionNotes are what a connection tells of its server without a question.
// roundTrip is how long an answer took that needed no work.
func connectionNotes(side string, conn *pgx.Conn, roundTrip time.Duration) map[string]string {
	version, _, _ := strings.Cut(conn.PgConn().ParameterStatus("server_version"), " ")
	encryption := "none"
	if c, ok := conn.PgConn().Conn().(*tls.Conn); ok {
		encryption = tls.VersionName(c.ConnectionState().Version)
	}
	return map[string]string{
		side + ".version":         version,
		side + ".tls":             encryption,
		side + ".round_trip_secs": noteNumber(roundTrip.Seconds()),
	}
}

// noteNumber writes a number with as many digits as mean something.
func noteNumber(x float64) string { return strconv.FormatFloat(x, 'g', 4, 64) }

// settingNotes is the SQL of a JSON object with settings of the server, in bytes
// and seconds. A server that lacks one of them leaves it out.
func settingNotes(side string, names ...string) string {
	var pairs []string
	for _, name := range names {
		value := fmt.Sprintf("current_setting('%s', true)", name)
		note := side + "." + name
		switch name {
		case "shared_buffers", "max_wal_size":
			value = "pg_size_bytes(" + value + ")::text"
		case "checkpoint_timeout":
			value = "extract(epoch FROM " + value + "::interval)::int::text"
			note += "_secs"
		}
		pairs = append(pairs, literal(note)+", "+value)
	}
	return "json_strip_nulls(json_build_object(" + strings.Join(pairs, ", ") + "))"
}

// greet asks the source what stays the same while it runs.
func (s *snapshot) greet(ctx context.Context, conn *pgx.Conn) error {
	sql := "SELECT " + startedSQL + ", " + settingNotes("source", "shared_buffers")
	return wrap("greet the source", conn.QueryRow(ctx, sql).Scan(&s.started, &s.notes))
}

// streamNotes are what is known of a stream and of its server.
func (s *snapshot) streamNotes(st *connectors.Stream) map[string]string {
	f := st.Facts.(*facts)
	notes := maps.Clone(s.notes)
	notes["source.kind"] = string(st.Table.Kind)
	notes["source.columns"] = strconv.Itoa(len(st.Table.Columns))
	notes["source.filtered"] = strconv.FormatBool(st.Spec.Where != "")
	if f.stored {
		notes["source.heaps"] = strconv.Itoa(len(f.leaves))
	}
	if f.key.column != "" {
		notes["source.key"] = "hash"
	}
	if f.key.integer {
		notes["source.key"] = "integer"
	}
	if keys := f.key.shape; len(keys) > 0 {
		notes["source.key.correlation"] = noteNumber(f.key.correlation)
		if st.Rows > 0 {
			span := float64(keys[len(keys)-1]) - float64(keys[0]) + 1
			notes["source.key.span_per_row"] = noteNumber(span / float64(st.Rows))
		}
	}
	return notes
}
