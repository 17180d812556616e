package wasm_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/wasm"
)

// measured are the modules whose calls are measured, in folders of
// examples/policies. Those in Go are not in the repository.
var measured = []struct{ language, folder, config string }{
	{"WAT", "ladder", `{}`},
	{"C", "frugal", `{}`},
	{"AssemblyScript", "steady", `{}`},
	{"Go", "gentle", `{}`},
	{"Go", "deadline", `{"finish_within":"20m"}`},
	{"Go", "builtin", `{}`},
}

// BenchmarkCall is one call about 12 candidates, with a window each (7 KB of
// question) and with four (20 KB), as a run makes it: the question is written, an instance is made and answers, and the
// answer is read.
func BenchmarkCall(b *testing.B) {
	b.Run("builtin", func(b *testing.B) { benchmarkHalves(b, builtin.New(), `{}`, true, true) })
	for _, m := range measured {
		for _, engine := range engines {
			b.Run(m.language+"/"+m.folder+"/"+engine, func(b *testing.B) {
				p := load(b, example(b, m.folder), wasm.Options{Engine: engine, Config: json.RawMessage(m.config), Fallback: builtin.New()})
				defer p.Close()
				proposes, scores := p.Halves()
				benchmarkHalves(b, p, m.config, proposes, scores)
			})
		}
	}
}

// benchmarkHalves measures what the policy does itself.
func benchmarkHalves(b *testing.B, p policy.Policy, config string, proposes, scores bool) {
	for _, windows := range []int{1, 4} {
		propose, score := wasm.Asked(12, windows)
		propose.Config, score.Config = json.RawMessage(config), json.RawMessage(config)
		if proposes {
			benchmarkCall(b, fmt.Sprint("propose/12x", windows), func() error {
				_, err := p.Propose(b.Context(), propose)
				return err
			})
		}
		if scores {
			benchmarkCall(b, fmt.Sprint("score/12x", windows), func() error {
				_, err := p.Score(b.Context(), score)
				return err
			})
		}
	}
}

func benchmarkCall(b *testing.B, name string, call func() error) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := call(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkLoad is what a run waits for before it begins.
func BenchmarkLoad(b *testing.B) {
	for _, m := range measured {
		for _, engine := range engines {
			b.Run(m.language+"/"+m.folder+"/"+engine, func(b *testing.B) {
				module := example(b, m.folder)
				b.ReportAllocs()
				for b.Loop() {
					load(b, module, wasm.Options{Engine: engine, Config: json.RawMessage(m.config)}).Close()
				}
			})
		}
	}
}

// example is the module of an example policy.
func example(b *testing.B, folder string) []byte {
	b.Helper()
	file := filepath.Join("..", "..", "examples", "policies", folder, "policy.wasm")
	module, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		b.Skipf("%s is not there: make -C %s", file, filepath.Dir(file))
	}
	if err != nil {
		b.Fatal(err)
	}
	return module
}
