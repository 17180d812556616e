// Guest is a policy of hostile-module tests: what it does is named by the word
// behind "please" in the question.
package main

import (
	"fmt"
	"io"
	"math/rand"
	"os"
	"strings"
	"time"
	"unsafe"
)

var (
	question [256 << 10]byte
	answer   []byte // kept, so that it is not collected
	calls    int
)

//go:wasmexport rbt_abi
func abi() uint32 { return 1 << 16 }

//go:wasmexport rbt_alloc
func alloc(uint32) uint32 { return uint32(uintptr(unsafe.Pointer(&question))) }

//go:wasmexport rbt_describe
func describe(uint32, uint32) uint64 { return says(`{"name":"guest","version":"1"}`) }

//go:wasmexport rbt_propose
func propose(_, size uint32) uint64 {
	calls++
	_, what, _ := strings.Cut(string(question[:size]), "please ")
	what, _, _ = strings.Cut(what, `"`)
	return says(fmt.Sprintf(`{"candidates":[],"note":%q}`, do(what)))
}

func do(what string) string {
	switch what {
	case "panic":
		println("about to panic")
		panic("oh no")
	case "memory":
		var all [][]byte
		for {
			all = append(all, make([]byte, 1<<20))
		}
	case "deadlock":
		select {}
	case "exit":
		os.Exit(3)
	case "sleep":
		time.Sleep(time.Hour)
	case "stdin":
		b, err := io.ReadAll(os.Stdin)
		return fmt.Sprint(len(b), " ", err)
	case "world":
		return fmt.Sprint(len(os.Args), len(os.Environ()), os.Getenv("PATH"))
	case "chance":
		return chance()
	}
	return fmt.Sprint("call ", calls)
}

// chance depends on all that a pure function must not: the order of a map, random
// numbers, the time, and how often it was called.
func chance() string {
	letters := map[int]string{}
	for i := range 26 {
		letters[i] = string(rune('a' + i))
	}
	var order strings.Builder
	for _, l := range letters {
		order.WriteString(l)
	}
	return fmt.Sprint(order.String(), " ", rand.Int63(), " ", time.Now().UnixNano(), " ", calls)
}

func says(text string) uint64 {
	answer = []byte(text)
	return uint64(uintptr(unsafe.Pointer(&answer[0])))<<32 | uint64(len(answer))
}

func main() {}
