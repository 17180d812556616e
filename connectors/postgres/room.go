package postgres

import "context"

// roomSQL counts what the server and the role still allow. pg_stat_activity hides
// from most roles what kind others' sessions are of; pg_stat_database counts all
// that are connected, the server's own workers too.
const roomSQL = `
	SELECT greatest(0, least(
		current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
			- (SELECT sum(numbackends) FROM pg_stat_database),
		(SELECT CASE WHEN rolconnlimit < 0 OR rolsuper THEN 2147483647
			ELSE rolconnlimit - (SELECT count(*) FROM pg_stat_activity WHERE usesysid = r.oid) END
		 FROM pg_roles r WHERE rolname = current_user)))::int`

// room is how many more connections like this one the server would take.
func (c Config) room(ctx context.Context, r role) (int, error) {
	conn, err := c.connect(ctx, r)
	if err != nil {
		return -1, err
	}
	defer conn.Close(ctx)
	var n int
	if err := conn.QueryRow(ctx, roomSQL).Scan(&n); err != nil {
		return -1, wrap("count the free connections", err)
	}
	return n + 1, nil // this one's
}

// Room is how many connections the source has left.
func (s *Source) Room(ctx context.Context) (int, error) { return s.cfg.room(ctx, sourceRole) }
