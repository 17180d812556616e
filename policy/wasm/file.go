package wasm

import (
	"errors"
	"io"
	"os"
)

// ReadFile reads a module's file, and of one that is too large no more than shows
// that. What is no regular file is not read: it may never end. An error is an
// [*Error] with the reason [Limit], or an [*os.PathError].
func ReadFile(name string) ([]byte, error) {
	info, err := os.Stat(name) // opening a pipe would wait for who writes
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &os.PathError{Op: "read", Path: name, Err: errNotRegular}
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	module, err := io.ReadAll(io.LimitReader(file, maxModule+1))
	if err == nil && len(module) > maxModule {
		return nil, loadError(Limit, "the module has %d bytes, more than %d", max(info.Size(), maxModule+1), maxModule)
	}
	return module, err
}

var errNotRegular = errors.New("it is no regular file")
