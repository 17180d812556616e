// Package rbt holds the sources that rbt policy new copies into new projects, so
// that they build without this module being published.
package rbt

import "embed"

// Kits are the files of this repository that policies are built from, by their
// paths in it. They need nothing but each other and a standard library. ABI.md is
// for those who write without a kit.
//
//go:embed LICENSE
//go:embed policy/bytes.go policy/decision.go policy/doc.go policy/knob.go policy/policy.go policy/setting.go policy/window.go
//go:embed policy/builtin/builtin.go policy/builtin/candidates.go policy/builtin/compare.go policy/builtin/doc.go
//go:embed policy/builtin/propose.go policy/builtin/score.go policy/builtin/ties.go
//go:embed policy/guest/answer.go policy/guest/call.go policy/guest/config.go policy/guest/doc.go policy/guest/guest.go
//go:embed policy/guest/log.go policy/guest/log_other.go policy/guest/log_wasip1.go policy/guest/memory.go policy/guest/native.go
//go:embed policy/guest/reader.go policy/guest/request.go
//go:embed policy/wasm/ABI.md
//go:embed examples/policies/kit/c/*.c examples/policies/kit/c/*.h
//go:embed examples/policies/kit/assemblyscript/*.ts
var Kits embed.FS
