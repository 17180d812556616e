package wasm

import (
	"bytes"
	"encoding/binary"
)

// preamble is how a module begins.
const preamble = "\x00asm\x01\x00\x00\x00"

// foreign are beginnings of what is often taken for a module.
var foreign = []struct{ begins, is string }{
	{"\x1f\x8b", "gzip: unpack it first"},
	{"\x28\xb5\x2f\xfd", "zstd: unpack it first"},
	{"PK\x03\x04", "a zip archive: unpack it first"},
	{"(module", "WebAssembly text: compile it, for example with wat2wasm"},
	{"(;", "WebAssembly text: compile it, for example with wat2wasm"},
	{";;", "WebAssembly text: compile it, for example with wat2wasm"},
	{"version https://git-lfs", "a pointer of Git LFS: fetch the file with git lfs pull"},
	{"<", "HTML or XML: the download may have failed"},
	{"{", "JSON: the download may have failed"},
	{"\x7fELF", "a program for Linux: compile for WebAssembly"},
	{"MZ", "a program for Windows: compile for WebAssembly"},
	{"\xcf\xfa\xed\xfe", "a program for macOS: compile for WebAssembly"},
}

// checkPreamble refuses what is no module of the version that there is, and says
// what it looks like.
func checkPreamble(module []byte) error {
	if bytes.HasPrefix(module, []byte(preamble)) {
		return nil
	}
	if len(module) == 0 {
		return loadError(BadModule, "the module is empty")
	}
	if len(module) < len(preamble) && bytes.HasPrefix([]byte(preamble), module) {
		return loadError(BadModule, "the module ends after %d bytes: the download or the copy may have failed", len(module))
	}
	if bytes.HasPrefix(module, []byte(preamble[:4])) && len(module) >= len(preamble) {
		version, layer := binary.LittleEndian.Uint16(module[4:]), binary.LittleEndian.Uint16(module[6:])
		if layer == 1 {
			return loadError(BadModule, "this is a component, not a module: compile to a core module, as wasm32-unknown-unknown or wasip1")
		}
		return loadError(BadModule, "the module is of version %d of the binary format; it must be 1", version)
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(module, []byte("\xef\xbb\xbf")), " \t\r\n")
	for _, f := range foreign {
		if bytes.HasPrefix(text, []byte(f.begins)) {
			return loadError(BadModule, "this is no module, it looks like %s", f.is)
		}
	}
	return loadError(BadModule, "this is no module: it begins with %q, and must with %q", module[:min(len(module), 8)], preamble)
}
