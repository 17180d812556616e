// Command schema writes the JSON Schemas of what rbt and a policy's module say
// to each other. Their shapes come from the types that rbt writes and reads,
// their words from ABI.md, whose tables a test holds to the same types.
//
//	go generate ./policy/wasm/schema
package main

import (
	"fmt"
	"os"
)

//go:generate go run .

func main() {
	if err := generate(); err != nil {
		fmt.Fprintln(os.Stderr, "schema:", err)
		os.Exit(1)
	}
}

func generate() error {
	abi, err := os.ReadFile(abiFile)
	if err != nil {
		return err
	}
	for _, m := range messages() {
		text, err := m.schema(string(abi))
		if err != nil {
			return fmt.Errorf("%s: %w", m.file, err)
		}
		if err := os.WriteFile(m.file, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
