package wasm

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// goGuest builds the guest of testdata, a module like that of any policy in Go.
func goGuest(t testing.TB) []byte { return BuildGuest(t, "goguest") }

// BuildGuest builds the guest in Go in that folder of testdata.
func BuildGuest(t testing.TB, folder string, flags ...string) []byte {
	t.Helper()
	SkipLong(t)
	file := filepath.Join(t.TempDir(), "guest.wasm")
	build := exec.Command("go", append(append([]string{"build", "-buildmode=c-shared", "-o", file}, flags...), "./testdata/"+folder)...)
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	module, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return module
}

// TestVetGoGuest holds that a real module is accepted, answers afterwards, and
// has lost what nobody needs; and that a download which was cut off is refused.
func TestVetGoGuest(t *testing.T) {
	module := goGuest(t)
	vetted, err := Vet(module)
	if err != nil {
		t.Fatal(err)
	}
	if len(vetted) >= len(module) || bytes.Contains(vetted, []byte("producers")) || !bytes.Contains(vetted, []byte("runtime.mallocgc")) {
		t.Errorf("%d of %d bytes are left", len(vetted), len(module))
	}
	p, err := Load(context.Background(), module, Options{Limits: Limits{Load: time.Minute, Call: time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	answer, err := p.Call(context.Background(), opPropose, []byte(`{"a":1,"b":2}`))
	if want := `{"candidates":[],"note":"2 fields"}`; err != nil || string(answer) != want {
		t.Errorf("got %s, error %v, want %s", answer, err, want)
	}
	for n := 0; n < len(module); n += 4 << 10 {
		cut, err := Vet(module[:n])
		if e := new(Error); err == nil {
			_ = tryModule(t, cut)
		} else if !errors.As(err, &e) || e.Reason != BadModule {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// BenchmarkVet is the time that vetting adds to loading a guest in Go, of which
// the interpreter takes 120 ms and more.
func BenchmarkVet(b *testing.B) {
	module := goGuest(b)
	b.SetBytes(int64(len(module)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Vet(module); err != nil {
			b.Fatal(err)
		}
	}
}
