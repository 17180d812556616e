package wasm

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestReadFile holds that no more of a file is read than a module may have, and
// that what may never end is not read.
func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	for name, tc := range map[string]struct{ size, want int }{
		"empty": {0, 0}, "small": {7, 7}, "most": {maxModule, maxModule}, "large": {40 << 20, -1},
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, bytes.Repeat([]byte{1}, tc.size), 0o600); err != nil {
			t.Fatal(err)
		}
		before := allocated()
		got, err := ReadFile(file)
		if tc.want < 0 {
			if err == nil || err.Error() != "load: limit: the module has 41943040 bytes, more than 8388608" {
				t.Errorf("%s: error %v", name, err)
			}
		} else if err != nil || len(got) != tc.want {
			t.Errorf("%s: %d bytes, want %d, error %v", name, len(got), tc.want, err)
		}
		if n := allocated() - before; n > 64<<20 {
			t.Errorf("%s: %d MiB were allocated", name, n>>20)
		}
	}
	for _, name := range []string{dir, os.DevNull, "/dev/zero"} {
		if _, err := os.Stat(name); err != nil {
			continue
		}
		_, err := ReadFile(name)
		var path *os.PathError
		if !errors.As(err, &path) || !errors.Is(err, errNotRegular) || path.Path != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadFile(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
