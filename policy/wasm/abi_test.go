package wasm

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	gotypes "go/types"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/internal/reference"
)

func abi(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("ABI.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// column is the cells of a table's columns, by number, joined by bars.
func column(t *testing.T, heading string, columns ...int) []string {
	t.Helper()
	var out []string
	for _, cells := range reference.Tables(abi(t))[heading] {
		var row []string
		for _, c := range columns {
			row = append(row, cells[c])
		}
		out = append(out, strings.Join(row, " | "))
	}
	return out
}

// TestReferenceCodes holds the table of codes to the constants, in order.
func TestReferenceCodes(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "error.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 {
			code, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, "`"+code+"`")
		}
		return true
	})
	if diff := cmp.Diff(want, column(t, "Codes", 0)); diff != "" {
		t.Errorf("-error.go +ABI.md:\n%s", diff)
	}
}

// TestReferenceLate holds that the code of a call that nobody waits for is told.
func TestReferenceLate(t *testing.T) {
	if !strings.Contains(abi(t), "`"+policy.FaultTimeout+"`") {
		t.Errorf("ABI.md does not have %s", policy.FaultTimeout)
	}
}

// TestReferenceLimits holds the table of limits to the constants.
func TestReferenceLimits(t *testing.T) {
	size := func(n int) string { return strings.Replace(humanize.IBytes(uint64(n)), ".0 ", " ", 1) }
	count := func(n int) string { return humanize.Comma(int64(n)) }
	length := func(d time.Duration) string { return strings.NewReplacer("ms", " ms", "s", " s").Replace(d.String()) }
	want := []string{
		"size of the module | " + size(maxModule),
		"memory of an instance | " + size(maxMemory),
		"time to compile, and again for the first instance with `rbt_describe` | " + length(maxLoadTime),
		"time of a call | " + length(maxCallTime),
		"function calls that a module makes within a call | " + count(maxCallsMade),
		"question | " + size(maxInput),
		"answer | " + size(maxOutput),
		"`state` | " + size(maxState),
		"`note`, and code and message of an error | " + size(maxNote),
		"`name` and `version`, each | " + size(maxName),
		"numbers in `ties` | " + count(maxTies),
		"depth of an answer's JSON | " + count(maxDepth),
		"lines of `rbt.log` in a call | " + count(maxLogLines),
		"lines in a run | " + count(maxLogInAll),
		"a line of `rbt.log` | " + size(maxLogLine),
		"standard output and error that are kept, together | " + size(maxPrinted),
		"failures in a row | " + count(maxInARow),
		"failures in a run | " + count(maxInAll),
	}
	if diff := cmp.Diff(want, column(t, "Limits", 0, 1)); diff != "" {
		t.Errorf("-limits.go +ABI.md:\n%s", diff)
	}
}

// moduleLimits are what the table of what a module may have calls the constants
// of vet_limits.go, in its order.
var moduleLimits = []struct{ constant, what string }{
	{"maxFunctions", "functions of its own"},
	{"maxImports", "functions that are imported"},
	{"maxBody", "bytes of a function"},
	{"maxLocals", "locals of a function"},
	{"maxLocalsInAll", "locals of all functions"},
	{"maxMoves", "instructions of a function that fill or copy memory"},
	{"maxFunctionName", "bytes of a function's name, or names are dropped"},
	{"maxStack", "values on the stack of a function"},
	{"maxLive", "locals times branches of a function"},
	{"maxNesting", "blocks within each other"},
	{"maxOperations", "operations of all functions, as the interpreter has them"},
	{"maxOperationsOfOne", "operations of one function"},
	{"maxTypes", "types"},
	{"maxParameters", "parameters of a type"},
	{"maxResults", "results of a type"},
	{"maxBlockValues", "values that a block takes or gives"},
	{"maxTables", "tables"},
	{"maxElements", "elements of the table"},
	{"maxSegments", "segments of the table"},
	{"maxMemories", "memories"},
	{"maxPages", "pages of memory that it may declare"},
	{"maxGlobals", "globals"},
	{"maxExports", "exports"},
	{"maxDataSegments", "segments of data"},
}

// TestReferenceModuleLimits holds the table of what a module may have to the
// constants, of which none may be missing.
func TestReferenceModuleLimits(t *testing.T) {
	constants := vetLimits(t)
	delete(constants, "maxModule") // is in the table of limits
	var want []string
	for _, l := range moduleLimits {
		n, ok := constants[l.constant]
		if !ok {
			t.Errorf("vet_limits.go has no %s", l.constant)
		}
		value := humanize.Comma(n)
		if l.constant == "maxBody" {
			value = humanize.IBytes(uint64(n))
		}
		want = append(want, l.what+" | "+value)
		delete(constants, l.constant)
	}
	for name := range constants {
		t.Errorf("%s of vet_limits.go is in no table", name)
	}
	if diff := cmp.Diff(want, column(t, "In a module", 0, 1)); diff != "" {
		t.Errorf("-vet_limits.go +ABI.md:\n%s", diff)
	}
}

// vetLimits are the constants of vet_limits.go.
func vetLimits(t *testing.T) map[string]int64 {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "vet_limits.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	p, err := new(gotypes.Config).Check("wasm", files, []*ast.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int64{}
	for _, name := range p.Scope().Names() {
		out[name], _ = constant.Int64Val(p.Scope().Lookup(name).(*gotypes.Const).Val())
	}
	return out
}

// TestReferenceFunctions holds the tables of what modules export and import to
// the signatures that they are held to.
func TestReferenceFunctions(t *testing.T) {
	set := func(rows []string) map[string]bool {
		set := map[string]bool{}
		for _, row := range rows {
			set[row] = true
		}
		return set
	}
	want := map[string]bool{"`memory` | memory": true}
	for name, s := range exported() {
		want[fmt.Sprintf("`%s` | `%s`", name, s)] = true
	}
	if diff := cmp.Diff(want, set(column(t, "Exports", 0, 1))); diff != "" {
		t.Errorf("-contract.go +ABI.md:\n%s", diff)
	}
	want = map[string]bool{}
	for module, functions := range imported() {
		for name, s := range functions {
			want[fmt.Sprintf("`%s.%s` | `%s`", module, name, s)] = true
		}
	}
	if diff := cmp.Diff(want, set(column(t, "Imports", 0, 1))); diff != "" {
		t.Errorf("-contract.go +ABI.md:\n%s", diff)
	}
	version := fmt.Sprintf("version %d.%d of the interface", abiMajor, abiMinor)
	if !strings.Contains(strings.Join(strings.Fields(abi(t)), " "), version) {
		t.Errorf("ABI.md is not of %q", version)
	}
}

// shown are the messages of the example, without line breaks: a question for
// propose, its answer, a question for score, its answer.
func shown(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, block := range reference.Blocks(abi(t), "json")["An example"] {
		out = append(out, strings.ReplaceAll(block, "\n", ""))
	}
	return out
}

// TestReferenceExample holds that the example's questions are to the byte what
// rbt writes, and that it understands the answers.
func TestReferenceExample(t *testing.T) {
	messages := shown(t)
	var proposes policy.ProposeRequest
	var scores policy.ScoreRequest
	for i, question := range map[int]any{0: &proposes, 2: &scores} {
		if err := json.Unmarshal([]byte(messages[i]), question); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(question)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(text), messages[i]); diff != "" {
			t.Errorf("-rbt +ABI.md:\n%s", diff)
		}
	}
	a, err := readScores([]byte(messages[3]), scores.Evidence)
	if err != nil || a.failed || len(a.unknown) > 0 {
		t.Fatalf("%+v, %v", a, err)
	}
	for i, s := range a.value.Scores {
		if rate := scores.Evidence[i].Windows[0].BytesPerSecond(); s.Value != rate {
			t.Errorf("candidate %d has %v, and moved %v bytes a second", s.ID, s.Value, rate)
		}
	}
}

// smallest loads the module of "The smallest module".
func smallest(t *testing.T) *Policy {
	t.Helper()
	module, err := os.ReadFile("testdata/eight.wasm")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Load(t.Context(), module, Options{Fallback: builtin.New()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// TestReferenceModule holds that the smallest module is the one in testdata,
// and that it does in the example what is told there.
func TestReferenceModule(t *testing.T) {
	text, err := os.ReadFile("testdata/eight.wat")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(text), strings.Join(reference.Blocks(abi(t), "wat")["The smallest module"], "")); diff != "" {
		t.Errorf("-eight.wat +ABI.md:\n%s", diff)
	}
	messages := shown(t)
	p := smallest(t)
	if i := p.Info(); i.Name != "eight" || i.Version != "1.0.0" {
		t.Errorf("it is %+v", i)
	}
	if proposes, scores := p.Halves(); !proposes || scores {
		t.Errorf("proposes %v, scores %v", proposes, scores)
	}
	answer, err := p.Call(t.Context(), opPropose, []byte(messages[0]))
	if diff := cmp.Diff(messages[1], string(answer)); diff != "" || err != nil {
		t.Errorf("%v (-ABI.md +answered):\n%s", err, diff)
	}
	ctx := context.WithValue(t.Context(), callKey{}, p.newCall(opPropose, 1))
	m, err := p.engine.InstantiateModule(ctx, p.compiled, p.instanceConfig(callOf(ctx)))
	if err != nil {
		t.Fatal(err)
	}
	n := uint64(len(messages[0]))
	at, err := m.ExportedFunction(exportAlloc).Call(ctx, n)
	if err != nil {
		t.Fatal(err)
	}
	result, err := m.ExportedFunction(exportPropose).Call(ctx, at[0], n)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		fmt.Sprintf("`rbt_alloc(%d)` | `%d`", n, at[0]),
		fmt.Sprintf("`rbt_propose(%d, %d)` | `%#016x`: %d bytes at %d", at[0], n, result[0], uint32(result[0]), result[0]>>32),
	}
	if diff := cmp.Diff(want, column(t, "An example", 0, 1)); diff != "" || !strings.Contains(abi(t), fmt.Sprintf("It has %d bytes.", n)) {
		t.Errorf("it has %d bytes (-called +ABI.md):\n%s", n, diff)
	}
}

// TestReferenceModuleIsBuilt holds that eight.wasm is made of eight.wat.
func TestReferenceModuleIsBuilt(t *testing.T) {
	if _, err := exec.LookPath("wat2wasm"); err != nil {
		t.Skip("there is no wat2wasm, of the package wabt")
	}
	built := filepath.Join(t.TempDir(), "eight.wasm")
	if out, err := exec.Command("wat2wasm", "testdata/eight.wat", "-o", built).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	got, err := os.ReadFile(built)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/eight.wasm")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("testdata/eight.wasm is another module: run wat2wasm eight.wat in testdata")
	}
}

// TestSchemasAgree holds that what the schemas say of an answer is what rbt
// makes of it, at the edges of both.
func TestSchemasAgree(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	for _, tc := range []struct {
		op, answer string
		fits       bool
	}{
		{opDescribe, `{"name":"` + long(maxName) + `","version":"` + long(maxName) + `"}`, true},
		{opDescribe, `{"name":"` + long(maxName+1) + `"}`, false},
		{opDescribe, `{"name":"a","version":"` + long(maxName+1) + `"}`, false},
		{opDescribe, `{"name":""}`, false},
		{opDescribe, `{"version":"1"}`, false},
		{opDescribe, `{"name":1}`, false},
		{opDescribe, `{"name":"a","more":{}}`, true},
		{opDescribe, `{"error":{"code":"bad_settings","message":"no"}}`, true},
		{opDescribe, `{"name":"a","error":{"code":"bad_settings","message":"no"}}`, false},
		{opDescribe, `[]`, false},
		{opPropose, `{"candidates":[]}`, true},
		{opPropose, `{"candidates":[{}]}`, true},
		{opPropose, `{"candidates":[{"lanes":8,"mode":"x"}],"note":"` + long(maxNote+1) + `"}`, true},
		{opPropose, `{"candidates":null}`, false},
		{opPropose, `{"candidates":{}}`, false},
		{opPropose, `{"candidates":[null]}`, false},
		{opPropose, `{"candidates":[[]]}`, false},
		{opPropose, `{}`, false},
		{opPropose, `null`, false},
		{opPropose, `{"candidates":[],"note":1}`, false},
		{opPropose, `{"candidates":[],"note":null}`, false},
		{opPropose, `{"candidates":[],"state":"` + long(maxState) + `"}`, true},
		{opPropose, `{"candidates":[],"state":"` + long(maxState+1) + `"}`, false},
		{opPropose, `{"candidates":[],"state":{}}`, false},
		{opPropose, `{"error":{"code":"","message":""}}`, true},
		{opPropose, `{"error":"no"}`, false},
		{opPropose, `{"error":null}`, false},
		{opPropose, `{"error":{"code":1,"message":"no"}}`, false},
		{opPropose, `{"error":{"code":"a","message":"no"},"candidates":[]}`, false},
		{opPropose, `{"error":{"code":"a","message":"no"},"state":""}`, false},
		{opScore, `{"scores":[{"id":0,"value":1}]}`, true},
		{opScore, `{"scores":[{"id":0.0,"value":1e-300,"stderr":-1,"ties":[]}]}`, true},
		{opScore, `{"scores":[{"id":0,"value":1,"ties":[1,-2,3e3,4,5,6,7,8,9,10,11,12,13,14,15,16]}]}`, true},
		{opScore, `{"scores":[{"id":0,"value":1,"ties":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]}]}`, false},
		{opScore, `{"scores":[{"id":0,"value":1,"ties":null}]}`, false},
		{opScore, `{"scores":[{"id":0,"value":1,"ties":["1"]}]}`, false},
		{opScore, `{"scores":[{"id":0,"value":0}]}`, false},
		{opScore, `{"scores":[{"id":0,"value":-0.0}]}`, false},
		{opScore, `{"scores":[{"id":0,"value":null}]}`, false},
		{opScore, `{"scores":[{"id":0}]}`, false},
		{opScore, `{"scores":[{"value":1}]}`, false},
		{opScore, `{"scores":[{"id":"0","value":1}]}`, false},
		{opScore, `{"scores":[{"id":0.5,"value":1}]}`, false},
		{opScore, `{"scores":[{"id":0,"value":1,"stderr":null}]}`, false},
		{opScore, `{"scores":null}`, false},
		{opScore, `{"scores":{}}`, false},
		{opScore, `{"error":{"code":"a","message":"no"},"scores":[]}`, false},
	} {
		text := tc.answer[:min(len(tc.answer), 100)]
		if err := validate(t, tc.op, tc.answer); (err == nil) != tc.fits {
			t.Errorf("%s %s: the schema says %v", tc.op, text, err)
		}
		if err := understand(tc.op, tc.answer); (err == nil) != tc.fits {
			t.Errorf("%s %s: rbt says %v", tc.op, text, err)
		}
	}
}

func validate(t *testing.T, op, answer string) error {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile("schema/" + op + "-answer.json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(answer))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(value)
}

func understand(op, answer string) (err error) {
	switch op {
	case opDescribe:
		_, err = readDescription([]byte(answer))
	case opPropose:
		_, err = readProposal([]byte(answer))
	case opScore:
		_, err = readScores([]byte(answer), []policy.Evidence{{ID: 0}})
	}
	return err
}
