package postgres

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// Finding is something outside of rbt's reach that a run depends on.
type Finding struct {
	Where string // "source", "destination", "link to the source", a stream
	What  string // what was looked at
	Seen  string // the figure
	Level FindingLevel
	// Advice is what it means, and what to do; empty where nothing is the matter.
	Advice string
}

// FindingLevel is what a finding does to a run.
type FindingLevel string

const (
	LevelNote  FindingLevel = "note"  // nothing: it is good to know
	LevelLimit FindingLevel = "limit" // it makes the run slower, or keeps lanes or rows from it
	LevelRisk  FindingLevel = "risk"  // it may end the run, or what it has copied
)

// Diagnose looks at both servers, at the links to them and at the targets, and says
// what limits a run that copies them. It changes nothing.
func Diagnose(ctx context.Context, source, destination Config, targets []*connectors.Target) ([]Finding, error) {
	d := &doctor{}
	for _, t := range targets {
		d.bytes += max(t.Stream.Bytes, 0)
	}
	for _, side := range []struct {
		name string
		cfg  Config
		look func(context.Context, *pgx.Conn) error
	}{{"source", source, d.source}, {"destination", destination, d.destination}} {
		if err := d.visit(ctx, side.name, side.cfg, side.look); err != nil {
			return nil, fmt.Errorf("%s: %w", side.name, err)
		}
	}
	for _, t := range targets {
		d.stream(t)
	}
	return d.found, nil
}

// doctor gathers findings.
type doctor struct {
	found []Finding
	where string
	bytes int64 // of all streams, as the source stores them
}

// note adds a finding that is good to know.
func (d *doctor) note(what, seen string) {
	d.found = append(d.found, Finding{Where: d.where, What: what, Seen: seen, Level: LevelNote})
}

// limit adds a finding that makes the run slower, with advice, where it is so.
func (d *doctor) limit(what, seen string, so bool, advice string) {
	d.add(LevelLimit, what, seen, so, advice)
}

// risk adds a finding that may end the run or its rows, with advice, where it is so.
func (d *doctor) risk(what, seen string, so bool, advice string) {
	d.add(LevelRisk, what, seen, so, advice)
}

func (d *doctor) add(level FindingLevel, what, seen string, so bool, advice string) {
	if !so {
		d.note(what, seen)
		return
	}
	d.found = append(d.found, Finding{d.where, what, seen, level, advice})
}

func (d *doctor) visit(ctx context.Context, name string, cfg Config, look func(context.Context, *pgx.Conn) error) error {
	conn, err := cfg.connect(ctx, sourceRole)
	if err != nil {
		return err
	}
	defer hangUp(conn)
	d.where = "link to the " + name
	if err := d.link(ctx, conn); err != nil {
		return wrap("measure the link", err)
	}
	d.where = name
	return wrap("look at the server", look(ctx, conn))
}

// probeBytes is what is read to see how much one connection carries.
const probeBytes = 16 << 20

// link measures the way to a server: how long it takes, and what one connection
// carries. What the server does for that is little.
func (d *doctor) link(ctx context.Context, conn *pgx.Conn) error {
	best := time.Hour
	for range 5 {
		took, err := roundTrip(ctx, conn)
		if err != nil {
			return err
		}
		best = min(best, took)
	}
	d.limit("round trip", fmt.Sprintf("%.2f ms", best.Seconds()*1000), best > 5*time.Millisecond,
		"small tables wait for some twenty of them each; run rbt near the servers where you can. Large tables do not mind")
	began := time.Now()
	sql := fmt.Sprintf("COPY (SELECT repeat('x', 8191) FROM generate_series(1, %d)) TO STDOUT", probeBytes/8192)
	if _, err := conn.PgConn().CopyTo(ctx, io.Discard, sql); err != nil {
		return err
	}
	rate := probeBytes / time.Since(began).Seconds() / 1e6
	d.limit("one connection carries", fmt.Sprintf("%.0f MB/s", rate), rate < 50,
		"a link or its encryption limits a lane; more lanes help where the link has room for them, which the tuner finds out")
	return nil
}

func (d *doctor) common(ctx context.Context, conn *pgx.Conn, least int) error {
	v := version(conn)
	d.limit("version", fmt.Sprint(v), v < least, fmt.Sprintf("PostgreSQL %d and later do what rbt does best", least))
	var room int
	if err := conn.QueryRow(ctx, roomSQL).Scan(&room); err != nil {
		return err
	}
	d.limit("free connections", fmt.Sprint(room), room < 16+sparedForOthers, "every lane takes one on each server: raise max_connections, or the role's limit, or lower worker_cap")
	return nil
}

// sparedForOthers are the connections that rbt leaves free.
const sparedForOthers = 8

func (d *doctor) source(ctx context.Context, conn *pgx.Conn) error {
	if err := d.common(ctx, conn, 14); err != nil {
		return err
	}
	var standby, feedback, blind bool
	var delay, oldest int64
	const sql = `
SELECT pg_is_in_recovery(), current_setting('hot_standby_feedback')::bool,
	extract(epoch FROM CASE current_setting('max_standby_streaming_delay') WHEN '-1' THEN '1000 years' ELSE current_setting('max_standby_streaming_delay') END::interval)::int8,
	coalesce(extract(epoch FROM max(clock_timestamp() - xact_start)), 0)::int8, coalesce(bool_or(backend_type IS NULL), false)
FROM pg_stat_activity WHERE (backend_type = 'client backend' OR backend_type IS NULL) AND pid <> pg_backend_pid()`
	if err := conn.QueryRow(ctx, sql).Scan(&standby, &feedback, &delay, &oldest, &blind); err != nil {
		return err
	}
	if standby {
		d.risk("standby", fmt.Sprintf("hot_standby_feedback %t, max_standby_streaming_delay %s", feedback, delayText(delay)), !feedback && delay < 3600,
			"the primary's VACUUM may end the run's snapshot; set hot_standby_feedback = on, or raise max_standby_streaming_delay")
	}
	if blind {
		d.risk("oldest open transaction", "not visible", true, "the role cannot see what others do, nor how many connections they take: GRANT pg_read_all_stats TO it")
		return nil
	}
	d.limit("oldest open transaction", fmt.Sprintf("%d s", oldest), oldest > 600, "incremental streams read up to where it began; look for it in pg_stat_activity")
	return nil
}

func (d *doctor) destination(ctx context.Context, conn *pgx.Conn) error {
	if err := d.common(ctx, conn, 12); err != nil {
		return err
	}
	var wal, memory, workers int64
	var level, synchronous, commit, archive, timeout, fsync string
	var failing bool
	const sql = `
SELECT pg_size_bytes(current_setting('max_wal_size')), pg_size_bytes(current_setting('maintenance_work_mem')), current_setting('max_parallel_maintenance_workers')::int8,
	current_setting('wal_level'), current_setting('synchronous_standby_names'), current_setting('synchronous_commit'), current_setting('archive_mode'),
	current_setting('checkpoint_timeout'), current_setting('fsync'),
	coalesce((SELECT last_failed_time > coalesce(last_archived_time, '-infinity') FROM pg_stat_archiver), false)`
	if err := conn.QueryRow(ctx, sql).Scan(&wal, &memory, &workers, &level, &synchronous, &commit, &archive, &timeout, &fsync, &failing); err != nil {
		return err
	}
	d.limit("max_wal_size", sizeText(wal), d.bytes > wal/2, fmt.Sprintf("the run writes about %s of WAL, and a checkpoint each %s: raise it for the time of the run", sizeText(d.bytes), sizeText(wal/2)))
	timed, requested, view := "num_timed", "num_requested", "pg_stat_checkpointer"
	if version(conn) < 17 {
		timed, requested, view = "checkpoints_timed", "checkpoints_req", "pg_stat_bgwriter"
	}
	var byTime, byWAL int64
	if err := conn.QueryRow(ctx, "SELECT "+timed+", "+requested+" FROM "+view).Scan(&byTime, &byWAL); err != nil {
		return err
	}
	d.limit("checkpoints", fmt.Sprintf("%d by time, %d asked for", byTime, byWAL), byWAL > 10 && byWAL > byTime, "most come because max_wal_size is reached: each has all pages written to the WAL again")
	d.note("wal_level", level)
	d.note("checkpoint_timeout", timeout)
	d.limit("synchronous standbys", orNone(synchronous), synchronous != "" && commit != "off" && commit != "local",
		"what becomes visible waits for them; lanes do not, but the standbys have to keep up")
	d.risk("archiving", archive, failing, "the last attempt to archive WAL failed: WAL piles up, and may fill the disk")
	d.note("maintenance_work_mem", sizeText(memory))
	d.limit("max_parallel_maintenance_workers", fmt.Sprint(workers), workers == 0, "indexes are built by one process each")
	d.risk("fsync", fsync, fsync == "off", "fast, and lost with the machine")
	return d.ties(ctx, conn)
}

// ties finds what slows down every row that comes.
func (d *doctor) ties(ctx context.Context, conn *pgx.Conn) error {
	var slots int64
	const sql = "SELECT count(*) FROM pg_replication_slots WHERE NOT active"
	if err := conn.QueryRow(ctx, sql).Scan(&slots); err != nil {
		return err
	}
	d.risk("replication slots that nobody reads", fmt.Sprint(slots), slots > 0, "they keep all WAL that the run writes: drop them, or have them read")
	return nil
}

// stream says what of a target keeps its rows from coming fast.
func (d *doctor) stream(t *connectors.Target) {
	d.where = t.Stream.Spec.Name
	large := t.Stream.Bytes > 256<<20
	if t.Method == methodTruncate || t.Method == methodInsert || t.Method == methodUpsert {
		d.limit("rows become visible by", t.Method, large && t.Method == methodTruncate, "every row is written twice, and readers wait meanwhile; rbt plan says what is in the way of a swap")
	}
	for _, c := range t.Choices {
		if c.Knob.Name == knobFormat && len(c.Knob.Values) == 1 {
			d.limit("format", "text", large, "numbers and times travel 1.5 to 3 times as fast in binary; not so here: "+c.Why)
		}
	}
	for _, c := range t.Stream.Choices {
		if c.Knob.Name == knobMode && len(c.Knob.Values) == 0 {
			d.limit("divides by", "nothing", large, "one lane copies all of it: "+c.WhyNot[modeCtid]+"; "+c.WhyNot[modeMod])
		}
	}
	if f, ok := t.Facts.(*targetFacts); ok && f.unlogged {
		d.risk("target", "unlogged", true, "fast, and empty after a crash of the server: ALTER TABLE … SET LOGGED, if that matters")
	}
	if f, ok := t.Facts.(*targetFacts); ok && f.watched {
		d.limit("triggers on the target", "some", t.Method != methodSwap, "they run for every row; ALTER TABLE … DISABLE TRIGGER for the time of the run, if what they do is not needed")
	}
}

// delayText writes how long a standby waits for queries; the server's -1 is for ever.
func delayText(secs int64) string {
	if secs > 100*365*24*3600 {
		return "for ever"
	}
	return fmt.Sprintf("%d s", secs)
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// sizeText writes bytes as the server does.
func sizeText(n int64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GB", n>>30)
	case n >= 10<<20:
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d kB", n>>10)
}
