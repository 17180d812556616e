// Package demo holds the pipeline file that `rbt demo` runs.
package demo

import _ "embed"

// Pipeline is the text of pipeline.hcl.
//
//go:embed pipeline.hcl
var Pipeline []byte
