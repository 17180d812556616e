// Package sim plays streams in simulated environments, to compare policies in
// milliseconds and without a database.
//
// An [Environment] is two servers, the link between them and one table, as a
// closed form: what rate each setting has, and what disturbs it over time. A
// [Stream] is one copy in it, with a clock of its own.
//
// The numbers rank policies. They do not predict what PostgreSQL will do: the
// model is not calibrated against servers.
package sim
