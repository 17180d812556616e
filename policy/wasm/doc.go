// Package wasm runs a policy that a user brings as a WebAssembly module, in a
// sandbox: [Load] makes a [policy.Policy] of the module's bytes.
//
// ABI.md is the contract with the module. In short: a question goes in as JSON
// and the answer comes out as JSON, each call has an instance of its own, and a
// module sees no clock, no file, no network and no randomness. A call is
// thereby a pure function of the bytes that go in, and a recorded one can be
// asked again.
//
// Nothing that a module does can stop a run: its bytes are vetted before they
// are compiled ([Vet]), each call has a deadline, a meter of function calls and
// bounds on memory and output, answers are read strictly, and whatever goes
// wrong is an [*Error] with one of the codes of this package. After several
// failures the module is not asked any more, and another policy answers.
//
// This is the only package that imports wazero.
package wasm
