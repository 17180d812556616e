package guest

//go:wasmimport rbt log
func log(level uint32, text string)
