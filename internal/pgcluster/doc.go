// Package pgcluster runs throw-away PostgreSQL clusters, for `rbt demo` and for tests.
//
//	c, err := pgcluster.Start(ctx, pgcluster.Options{})
//	defer c.Close()
//	conn, err := pgx.Connect(ctx, c.DSN("postgres"))
//
// A cluster is one server process and one temporary folder, and [Cluster.Close] removes both. If this process is killed
// before it can, the server dies with it (on Linux), and the next Start of any process removes the folder.
//
// The only account is the superuser "postgres", without a password, because these clusters hold nothing worth guarding.
// Whoever can log in to the machine can reach the TCP port though, and a superuser can run programs; a caller who minds
// sets "listen_addresses" to "" and uses [Cluster.SocketDSN], whose folder is closed to others.
//
// Databases, connections and SQL are not here: see internal/pgtest.
package pgcluster
