// Package hcl reads pipeline files.
//
// [Load] reads a file and [Parse] reads bytes. Both return a [Pipeline] of
// plain Go values, with every default applied and every size and duration
// parsed, or a [Diagnostics] error that names all mistakes of the file at once.
// [Report] prints it.
//
// The way through the package is the way of a file: guard.go refuses what the
// parser cannot survive, schema.go is the one table of blocks and attributes,
// decode.go walks a file along that table, build.go makes the Pipeline and
// check.go holds the rules that span attributes. docs/pipeline.md is held to
// the same table by a test.
//
// Not here: whether a table or a column exists, and what a policy does with its
// configuration. Who finds that out later uses [Pipeline.ErrorAt] to point at
// the line.
package hcl
