package wasm

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/rapidbyte/rbt/policy"
)

// What a module exports and imports; ABI.md has the meaning.

const (
	opLoad     = "load"
	opDescribe = "describe"
	opPropose  = "propose"
	opScore    = "score"

	exportMemory     = "memory"
	exportABI        = "rbt_abi"
	exportAlloc      = "rbt_alloc"
	exportDescribe   = "rbt_describe"
	exportPropose    = "rbt_propose"
	exportScore      = "rbt_score"
	exportInitialize = "_initialize"
	exportStart      = "_start"

	importLog   = "rbt"
	importAbort = "env"
	importWASI  = "wasi_snapshot_preview1"
)

// abiMajor and abiMinor are the version of the contract. A module of the same
// major version is accepted, whatever its minor one.
const (
	abiMajor = 1
	abiMinor = 0
)

// signature is what a function takes and returns.
type signature struct{ params, results []api.ValueType }

func types(list ...api.ValueType) []api.ValueType { return list }

const (
	i32 = api.ValueTypeI32
	i64 = api.ValueTypeI64
)

// exported are the functions that rbt calls.
func exported() map[string]signature {
	question := signature{types(i32, i32), types(i64)}
	return map[string]signature{
		exportABI:        {nil, types(i32)},
		exportAlloc:      {types(i32), types(i32)},
		exportDescribe:   question,
		exportPropose:    question,
		exportScore:      question,
		exportInitialize: {},
	}
}

// imported are the functions that a module may import, by module and name. Of
// WASI they are what a guest in Go links; none of them reaches anything real.
func imported() map[string]map[string]signature {
	errno := func(params ...api.ValueType) signature { return signature{params, types(i32)} }
	return map[string]map[string]signature{
		importLog:   {"log": {types(i32, i32, i32), nil}},
		importAbort: {"abort": {types(i32, i32, i32, i32), nil}},
		importWASI: {
			"args_get":            errno(i32, i32),
			"args_sizes_get":      errno(i32, i32),
			"clock_time_get":      errno(i32, i64, i32),
			"environ_get":         errno(i32, i32),
			"environ_sizes_get":   errno(i32, i32),
			"fd_close":            errno(i32),
			"fd_fdstat_get":       errno(i32, i32),
			"fd_fdstat_set_flags": errno(i32, i32),
			"fd_prestat_dir_name": errno(i32, i32, i32),
			"fd_prestat_get":      errno(i32, i32),
			"fd_read":             errno(i32, i32, i32, i32),
			"fd_write":            errno(i32, i32, i32, i32),
			"poll_oneoff":         errno(i32, i32, i32, i32),
			"proc_exit":           {types(i32), nil},
			"random_get":          errno(i32, i32),
			"sched_yield":         errno(),
		},
	}
}

// checkImports refuses a module that wants anything else.
func (p *Policy) checkImports() error {
	for _, f := range p.compiled.ImportedFunctions() {
		module, name, _ := f.Import()
		want, known := imported()[module][name]
		if !known {
			why := ""
			if module == importWASI {
				why = ": a policy reaches no files and no network"
			}
			return loadError(BadImport, "the module imports %s.%s, which rbt does not have%s", clean(module, maxName), clean(name, maxName), why)
		}
		if got := (signature{f.ParamTypes(), f.ResultTypes()}); !got.equal(want) {
			return loadError(BadImport, "the module imports %s.%s as %s; it is %s", module, name, got, want)
		}
	}
	return nil
}

// checkOutline refuses a module that has more memory than it may from the start,
// and one that exports something else under the name of what rbt needs. It notes
// how many functions there are.
func (p *Policy) checkOutline(o outline) error {
	p.functions = o.functions
	if most := p.limits.pages(); o.pages > most {
		return loadError(Limit, "the module has %s of memory to begin with, more than %s", memoryText(o.pages), memoryText(most))
	}
	for _, name := range append(called(), exportMemory) {
		want := byte(kindFunction)
		if name == exportMemory {
			want = kindMemory
		}
		if kind, ok := o.exports[name]; ok && kind != want {
			return loadError(BadSignature, "the module exports %s as a %s; it must be a %s", name, kindNames[kind], kindNames[want])
		}
	}
	return nil
}

func memoryText(pages uint32) string { return policy.FormatBytes(int64(pages) * pageSize) }

// checkExports refuses a module that lacks what it must have, and notes which
// half of a policy it is.
func (p *Policy) checkExports() error {
	functions := p.compiled.ExportedFunctions()
	if _, ok := p.compiled.ExportedMemories()[exportMemory]; !ok {
		return loadError(MissingExport, "the module does not export its memory as %q", exportMemory)
	}
	for _, name := range called() {
		f, ok := functions[name]
		if !ok {
			continue
		}
		if got, want := (signature{f.ParamTypes(), f.ResultTypes()}), exported()[name]; !got.equal(want) {
			return loadError(BadSignature, "the module exports %s as %s; it must be %s", name, got, want)
		}
	}
	_, p.proposes = functions[exportPropose]
	_, p.scores = functions[exportScore]
	_, p.starts = functions[exportInitialize]
	for _, name := range []string{exportABI, exportAlloc, exportDescribe} {
		if _, ok := functions[name]; ok {
			continue
		}
		if _, command := functions[exportStart]; command {
			return loadError(MissingExport, "the module is a program with %s, not a policy: it does not export %s", exportStart, name)
		}
		return loadError(MissingExport, "the module does not export %s", name)
	}
	if !p.proposes && !p.scores {
		return loadError(MissingExport, "the module exports neither %s nor %s", exportPropose, exportScore)
	}
	return nil
}

// called are the names of the functions that rbt calls, in the order in which
// they are looked at.
func called() []string { return slices.Sorted(maps.Keys(exported())) }

func (s signature) equal(other signature) bool {
	return slices.Equal(s.params, other.params) && slices.Equal(s.results, other.results)
}

// String writes a signature as ABI.md does: "(i32, i32) -> i64".
func (s signature) String() string {
	list := func(types []api.ValueType) string {
		var names []string
		for _, t := range types {
			names = append(names, api.ValueTypeName(t))
		}
		return strings.Join(names, ", ")
	}
	results := list(s.results)
	if len(s.results) != 1 {
		results = "(" + results + ")"
	}
	return fmt.Sprintf("(%s) -> %s", list(s.params), results)
}
