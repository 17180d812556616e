package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/runtime"
)

// allEvents are one of each kind, in the order of a run.
func allEvents() []runtime.Event {
	return []runtime.Event{
		runtime.RunStarted{}, runtime.StreamSkipped{}, runtime.StreamStarted{}, runtime.Progress{}, runtime.PartDone{}, runtime.Retry{Err: errors.New("")}, runtime.Notice{},
		runtime.AutotuneSkipped{}, runtime.PolicyCalled{Err: errors.New("")}, runtime.WindowDone{}, runtime.Clamped{}, runtime.AutotuneFault{}, runtime.AutotuneDecision{},
		runtime.Steady{}, runtime.StreamLoaded{}, runtime.PublishStep{}, runtime.StreamDone{}, runtime.RunDone{Err: errors.New("")},
	}
}

const eventPreface = "# Events\n\n" +
	"What `rbt run --log-format json` writes to standard error, one object a line: `time`, `level`, `msg`, which is the event's name, and its fields\n" +
	"beside them: `jq 'select(.msg == \"stream-done\") | {stream, rows}' run.log`. Fields that end in `_secs` are seconds. A test holds this page to the\n" +
	"program.\n\n" +
	"What is said besides, by any command, is a line whose `msg` is a sentence: at level `INFO` a note, at `WARN` what a person should know. What a\n" +
	"command fails for is at level `ERROR`, with `hints`, a list of what to do about it that may be empty, and `at`, `file:line:column`, where a place in\n" +
	"a pipeline file is to blame: a line for each mistake. Only a mistake on the command line itself is told in words.\n"

// TestEventReference holds docs/events.md to the engine's events: their names, what
// they carry, and what the source says of each.
func TestEventReference(t *testing.T) {
	says := map[string]string{} // by the type's name
	file, err := parser.ParseFile(token.NewFileSet(), "../../runtime/event.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	events := 0
	for _, d := range file.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.TYPE && g.Doc != nil {
			name := g.Specs[0].(*ast.TypeSpec).Name.Name
			says[name] = strings.Join(strings.Fields(g.Doc.Text()), " ")
		}
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "LogValue" {
			events++
		}
	}
	if events != len(allEvents()) {
		t.Errorf("the engine has %d events, the list here %d", events, len(allEvents()))
	}
	got := eventPreface
	for _, e := range allEvents() {
		kind := strings.TrimPrefix(fmt.Sprintf("%T", e), "runtime.")
		got += fmt.Sprintf("\n## `%s`\n\n%s\n\n| field | type |\n|---|---|\n", e.Name(), says[kind])
		for _, a := range e.LogValue().Group() {
			got += fmt.Sprintf("| `%s` | %s |\n", a.Key, strings.ToLower(a.Value.Kind().String()))
		}
	}
	const path = "../../docs/events.md"
	if os.Getenv("RBT_UPDATE") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("RBT_UPDATE=1 go test ./cmd/rbt -run TestEventReference writes it (-document +events):\n%s", diff)
	}
}
