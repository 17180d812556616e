// Package runtime is rbt's engine: it copies the streams of a pipeline from a
// source to a destination with a number of lanes that may change while they
// work.
//
// [Run] is the main path; [Inspect] goes as far along it as it can without
// changing anything. The package knows no database, no file format and no
// policy by name: it works on the contracts of packages connectors and policy.
package runtime
