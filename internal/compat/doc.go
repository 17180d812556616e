// Package compat tries rbt on what real databases have: every built-in type with
// its odd values, users' types, odd names and shapes of tables, roles with few
// rights, standbys, poolers, and all versions of PostgreSQL on either side. Its
// tests write docs/compatibility.md with -update, and hold the document to what
// they find without.
package compat
