// Package sim plays streams in simulated environments, to compare policies in
// milliseconds and without a database.
//
// An [Environment] is two servers, the link between them and one table, as a
// closed form: what rate each setting has, and what disturbs it over time. A
// [Stream] is one copy in it, with a clock of its own. A [Tuner] plays the
// stream's probe phase; the rest runs with what it chose. [Bench] does so many
// times, plays every fixed setting through the same weather, and says by how
// much the tuner fell short of the best.
//
// The numbers rank policies. They do not predict what PostgreSQL will do: the
// model is not calibrated against servers.
package sim
