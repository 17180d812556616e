// Opener is a policy that reads a file, which no policy can.
package main

import "os"

//go:wasmexport rbt_propose
func propose(uint32, uint32) uint64 {
	b, _ := os.ReadFile("/etc/passwd")
	return uint64(len(b))
}

func main() {}
