package wasm

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTrapText(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"wasm error: unreachable\nwasm stack trace:\n\t.policy.fail(i32)\n\t.rbt_propose(i32,i32) i64", "unreachable, in policy.fail"},
		{"wasm error: unreachable\nwasm stack trace:\n\t.$7(i32)\n\t.rbt_propose(i32,i32) i64", "unreachable"},
		{"module[] function[_initialize] failed: wasm error: unreachable\nwasm stack trace:\n\t.start()", "function[_initialize] failed: unreachable, in start"},
		{"rbt.log: no (recovered by wazero)\nwasm stack trace:\n\trbt.log(i32,i32,i32)\n\t.say(i32)", "rbt.log: no, in say"},
		{"abort: \x1b[31m\nwasm stack trace:\n\tenv.abort(i32,i32,i32,i32)\n", "abort:  [31m"},
		{"wasm error: unreachable\nwasm stack trace:\n\t." + strings.Repeat("f", 100) + "()", "unreachable, in " + strings.Repeat("f", 61) + "…"},
		{"stack overflow", "stack overflow"},
		{"", ""},
	} {
		if got := trapText(tc.text); got != tc.want {
			t.Errorf("%q\n got %s\nwant %s", tc.text, got, tc.want)
		}
	}
}

// TestTrapLongName holds that a long name does not make a trap expensive: the
// engine writes it once for each call in the trace.
func TestTrapLongName(t *testing.T) {
	SkipLong(t)
	for _, tc := range []struct {
		length int
		want   string
	}{
		{maxFunctionName, "stack overflow, in " + strings.Repeat("x", 61) + "…"},
		{maxFunctionName + 1, "stack overflow"},
		{maxModule - 1000, "stack overflow"},
	} {
		module := join(stacked(0), section(customSection, text("name"), []byte{functionNames},
			sized(vector(join(uleb(puppetChain), text(strings.Repeat("x", tc.length)))))))
		p, err := Load(t.Context(), module, Options{Limits: Limits{Call: time.Minute}})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		before := allocated()
		_, err = p.Call(t.Context(), opPropose, []byte("?"))
		if got := allocated() - before; got > 100<<20 {
			t.Errorf("a trap with a name of %d bytes allocated %d MiB", tc.length, got>>20)
		}
		if want := "propose: trap: " + tc.want; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestTrapNames holds that an error names the function that trapped, where the
// module has names.
func TestTrapNames(t *testing.T) {
	for name, want := range map[string]string{
		"recursion": "propose: trap: stack overflow, in deeper",
		"indirect":  "propose: trap: indirect call type mismatch",
	} {
		p, err := Load(t.Context(), File(t, name), Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		if _, err := p.Call(t.Context(), opPropose, []byte("?")); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestHostileIsBuilt holds that the modules of testdata/hostile are made of their
// texts.
func TestHostileIsBuilt(t *testing.T) {
	const version = "1.0.32"
	if out, err := exec.Command("wat2wasm", "--version").Output(); strings.TrimSpace(string(out)) != version {
		t.Skipf("there is no wat2wasm %s, of the package wabt: %s, %v", version, out, err)
	}
	texts, err := filepath.Glob("testdata/hostile/*.wat")
	if err != nil || len(texts) == 0 {
		t.Fatalf("no texts: %v", err)
	}
	for _, text := range texts {
		built := filepath.Join(t.TempDir(), "built.wasm")
		if out, err := exec.Command("wat2wasm", "--debug-names", text, "-o", built).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		want, err := os.ReadFile(built)
		if err != nil {
			t.Fatal(err)
		}
		if got := File(t, strings.TrimSuffix(filepath.Base(text), ".wat")); !bytes.Equal(got, want) {
			t.Errorf("%s is another module than its .wasm: run make in testdata/hostile", text)
		}
	}
	if modules, _ := filepath.Glob("testdata/hostile/*.wasm"); len(modules) != len(texts) {
		t.Errorf("%d modules of %d texts", len(modules), len(texts))
	}
}
