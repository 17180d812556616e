package wasm

// maxModule is the largest module in bytes: a guest in Go has 3.3 MB.
const maxModule = 8 << 20

// Vet looks at a module's bytes before they are compiled.
func Vet(module []byte) ([]byte, error) {
	if len(module) > maxModule {
		return nil, loadError(Limit, "the module has %d bytes, more than %d", len(module), maxModule)
	}
	return module, nil
}
