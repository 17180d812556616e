// Package postgres is the PostgreSQL connector: [Source] and [Destination].
//
// Rows pass through it as the bytes of the servers' own COPY protocol and are
// never decoded. A source lane ([reader]) strips the protocol's framing, a
// destination lane ([writer]) puts its own around; what lies between are rows
// in COPY's text or binary form, without the header and the trailer that
// binary COPY puts around them, so that parts and flushes can join and split
// COPY statements at the end of any row.
package postgres
