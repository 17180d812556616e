package postgres

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// Config says how to reach a server.
type Config struct {
	// DSN is a URL or a keyword/value string as libpq takes it. The PG*
	// environment variables, the password file and the service file count too.
	DSN string
	// Pipeline goes into application_name.
	Pipeline string
	// LockTimeout bounds the wait for a lock; 0 waits for ever.
	LockTimeout time.Duration
	// Salt goes into the hashes of masked columns.
	Salt string

	// refusesTLS is what the connections so far have found out about the server,
	// where the DSN leaves TLS to it. Nil forgets it.
	refusesTLS *atomic.Bool
}

// A role is what a session is for; it decides the settings that sessions do
// not share.
type role int

const (
	sourceRole role = iota // reads
	loadRole               // writes parts: their commits need not wait for the disk
	booksRole              // changes schemas and books: what it commits must last
)

// maxApplicationName is NAMEDATALEN - 1; the server cuts longer names.
const maxApplicationName = 63

// parse reads the DSN. Its errors do not hold the password.
func (c Config) parse() (*pgx.ConnConfig, error) {
	cfg, err := pgx.ParseConfig(c.DSN)
	var bad *pgconn.ParseConfigError
	if errors.As(err, &bad) { // it shows the DSN, and does not find every password in it
		unnamed := *bad
		unnamed.ConnString = ""
		return nil, fmt.Errorf("read the DSN: %s", strings.TrimPrefix(unnamed.Error(), "cannot parse ``: "))
	}
	if err != nil {
		return nil, fmt.Errorf("read the DSN: %w", err)
	}
	name := "rbt/" + c.Pipeline
	cfg.RuntimeParams["application_name"] = name[:min(len(name), maxApplicationName)]
	// Unnamed statements only, so that a pooler in the path does not matter.
	cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
	return cfg, nil
}

// Check returns what is wrong with the DSN, without asking its server. Its error does
// not hold the password.
func (c Config) Check() error {
	_, err := c.parse()
	return err
}

// connect opens a session with everything set that could change the meaning of
// a value on its way, or end a long copy.
func (c Config) connect(ctx context.Context, r role) (*pgx.Conn, error) {
	cfg, err := c.parse()
	if err != nil {
		return nil, err
	}
	if r == booksRole {
		// Planning a query about the catalog takes the server several times as
		// long as running it, and every table asks the same ones.
		cfg.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	}
	conn, err := c.dial(ctx, cfg)
	if err != nil {
		return nil, wrap("connect", err)
	}
	backend, err := setUp(ctx, conn, c.settings(r, version(conn)))
	conn.PgConn().CustomData()[ownBackend] = backend
	if err == nil {
		err = c.checkSession(ctx, conn, cfg, backend)
	}
	if err != nil {
		conn.Close(ctx)
		return nil, err
	}
	if c.Salt != "" && r == sourceRole { // as a parameter, so that no statement has it
		if _, err := conn.Exec(ctx, "SELECT set_config('"+saltSetting+"', $1, false)", c.Salt); err != nil {
			conn.Close(ctx)
			return nil, wrap("set up the session", err)
		}
	}
	return conn, nil
}

// dial opens a connection. A server that may refuse TLS is asked for it over a
// connection that it then closes, so that each would cost it two processes, and a
// far one two round trips more: once it is known to refuse, it is not asked again,
// until a connection fails.
func (c Config) dial(ctx context.Context, cfg *pgx.ConnConfig) (*pgx.Conn, error) {
	if c.refusesTLS == nil || !prefersTLS(cfg) {
		return pgx.ConnectConfig(ctx, cfg)
	}
	if c.refusesTLS.Load() {
		cfg.TLSConfig, cfg.Fallbacks = nil, nil
		conn, err := pgx.ConnectConfig(ctx, cfg)
		c.refusesTLS.Store(err == nil)
		return conn, err
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	// That this one is not encrypted may have another reason.
	if _, encrypted := conn.PgConn().Conn().(*tls.Conn); !encrypted {
		c.refusesTLS.Store(hasNoTLS(ctx, cfg))
	}
	return conn, nil
}

// hasNoTLS asks the server for TLS, and reports whether it said no.
func hasNoTLS(ctx context.Context, cfg *pgx.ConnConfig) bool {
	network, address := pgconn.NetworkAddress(cfg.Host, cfg.Port)
	conn, err := cfg.DialFunc(ctx, network, address)
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(asidePatience))
	ask, err := (&pgproto3.SSLRequest{}).Encode(nil)
	if err != nil {
		return false
	}
	if _, err := conn.Write(ask); err != nil {
		return false
	}
	answer := make([]byte, 1)
	_, err = conn.Read(answer)
	return err == nil && answer[0] == 'N'
}

// prefersTLS reports whether a DSN of one host asks for TLS and does without where
// there is none.
func prefersTLS(cfg *pgx.ConnConfig) bool {
	if cfg.TLSConfig == nil || len(cfg.Fallbacks) != 1 {
		return false
	}
	other := cfg.Fallbacks[0]
	return other.TLSConfig == nil && other.Host == cfg.Host && other.Port == cfg.Port
}

// ownBackend is under which a connection keeps the server's process, which behind a
// pooler is another one than it was told when it was opened.
const ownBackend = "rbt.backend"

func backendOf(conn *pgx.Conn) uint32 {
	backend, _ := conn.PgConn().CustomData()[ownBackend].(uint32)
	return backend
}

// setUp runs the settings, and returns the process that has done so.
func setUp(ctx context.Context, conn *pgx.Conn, settings string) (backend uint32, err error) {
	results, err := conn.PgConn().Exec(ctx, settings+"SELECT pg_backend_pid()").ReadAll()
	if err != nil {
		return 0, wrap("set up the session", err)
	}
	if last := results[len(results)-1].Rows; len(last) == 1 && len(last[0]) == 1 {
		pid, err := strconv.ParseUint(string(last[0][0]), 10, 32)
		return uint32(pid), wrap("set up the session", err)
	}
	return 0, errors.New("set up the session: the server does not say which process it is")
}

// settings is the SQL that sets up a session on a server of the version.
func (c Config) settings(r role, version int) string {
	set := [][2]string{
		{"statement_timeout", "0"},
		{"lock_timeout", strconv.FormatInt(c.LockTimeout.Milliseconds(), 10)},
		{"idle_in_transaction_session_timeout", "0"},
		// A machine that is gone must not hold the pipeline's lock, or a part's
		// transaction, for the hours after which systems miss a silent peer.
		{"tcp_keepalives_idle", "60"},
		{"tcp_keepalives_interval", "10"},
		{"tcp_keepalives_count", "6"},
		// Rows that a policy hides must be an error, not a shorter table.
		{"row_security", "off"},
		{"client_encoding", "UTF8"},
		{"timezone", "UTC"},
		{"datestyle", "ISO"},
		{"intervalstyle", "postgres"},
		{"extra_float_digits", "3"},
		{"bytea_output", "hex"},
		{"lc_monetary", "C"},
		{"xmloption", "content"},
		{"array_nulls", "on"}, // else a NULL in an array's text is the word
		{"standard_conforming_strings", "on"},
		// A trigger that raises a notice per row would fill the socket that
		// nobody reads while rows are written.
		{"client_min_messages", "error"},
	}
	if version >= 14 {
		set = append(set, [2]string{"idle_session_timeout", "0"})
	}
	if version >= 17 {
		set = append(set, [2]string{"transaction_timeout", "0"})
	}
	switch r {
	case sourceRole:
		// Names are then printed with their schema, and quoted where they must be.
		set = append(set, [2]string{"search_path", ""}, [2]string{"quote_all_identifiers", "off"})
	case loadRole:
		// A part lost in a crash is lost together with its mark, and read again.
		set = append(set, [2]string{"synchronous_commit", "off"})
	case booksRole:
		// The server's own default may be off.
		set = append(set, [2]string{"search_path", ""}, [2]string{"quote_all_identifiers", "off"}, [2]string{"synchronous_commit", "on"})
	}
	if r == booksRole {
		set = append(set, ownSettings...)
	}
	var sql strings.Builder
	for _, s := range set {
		fmt.Fprintf(&sql, "SET %s = %s;", s[0], literal(s[1]))
	}
	return sql.String()
}

// ownSettings make the many small queries of a books session fast: a plan is
// made once, and not compiled.
var ownSettings = [][2]string{{"plan_cache_mode", "force_generic_plan"}, {"jit", "off"}}

// usualSettings is the SQL that takes back, until the transaction ends, what a
// books session has set for its own queries.
func usualSettings() string {
	sql := "SET LOCAL search_path TO DEFAULT"
	for _, s := range ownSettings {
		sql += "; SET LOCAL " + s[0] + " TO DEFAULT"
	}
	return sql
}

// hangUp closes a connection that nobody needs any more, whatever became of
// the context it was used under.
func hangUp(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), goodbye)
	defer cancel()
	_ = conn.Close(ctx)
}

// goodbye bounds the wait for a server that is not there to hear it.
const goodbye = time.Second

// version is the server's major version; 0 where it does not tell.
func version(conn *pgx.Conn) int {
	text := conn.PgConn().ParameterStatus("server_version")
	digits := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	if digits >= 0 {
		text = text[:digits]
	}
	n, _ := strconv.Atoi(text)
	return n
}

// ident quotes a name, or a qualified name part by part.
func ident(parts ...string) string { return pgx.Identifier(parts).Sanitize() }

// literal quotes a string constant.
func literal(s string) string {
	quoted := "'" + strings.ReplaceAll(strings.ReplaceAll(s, "\x00", ""), "'", "''") + "'"
	if strings.Contains(s, `\`) {
		return " E" + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}

// idents quotes names and puts commas between them.
func idents(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = ident(n)
	}
	return strings.Join(quoted, ", ")
}
