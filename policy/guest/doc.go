// Package guest is the kit to write a policy in Go that rbt runs as a
// WebAssembly module.
//
// A policy is a type that says who it is, and has one or both halves:
//
//	func (p *Policy) Info() policy.Info
//	func (p *Policy) Propose(r policy.ProposeRequest) (policy.Proposal, error)
//	func (p *Policy) Score(r policy.ScoreRequest) (policy.Scores, error)
//
// Its fields are its config: those of config = { … } in a pipeline file, by
// their JSON names. A method Check() error, where there is one, says what is
// wrong with them.
//
// A file exports.go with the build tag wasip1 makes a module of it. What it does
// not export is done by the built-in policy:
//
//	//go:wasmexport rbt_abi
//	func abi() uint32 { return guest.ABI() }
//
//	//go:wasmexport rbt_alloc
//	func alloc(size uint32) uint32 { return guest.Alloc(size) }
//
//	//go:wasmexport rbt_describe
//	func describe(at, size uint32) uint64 { return guest.Describe(New(), at, size) }
//
//	//go:wasmexport rbt_propose
//	func propose(at, size uint32) uint64 { return guest.Propose(New(), at, size) }
//
//	//go:wasmexport rbt_score
//	func score(at, size uint32) uint64 { return guest.Score(New(), at, size) }
//
// where New returns the policy with the defaults of its config. The command is
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags="-s -w" -o policy.wasm .
//
// Everything else of a policy is plain Go, and so are its tests. [Native] runs
// it as rbt would, without the module.
//
// The package needs nothing outside the standard library.
package guest
