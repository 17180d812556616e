package wasm

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf16"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// provide makes what modules may import: rbt.log, env.abort and WASI. What they
// reach belongs to the call that the context carries.
func provide(ctx context.Context, engine wazero.Runtime) error {
	log := imported()[importLog]["log"]
	_, err := engine.NewHostModuleBuilder(importLog).NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(guestLogs), log.params, log.results).Export("log").Instantiate(ctx)
	if err != nil {
		return err
	}
	abort := imported()[importAbort]["abort"]
	_, err = engine.NewHostModuleBuilder(importAbort).NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(guestAborts), abort.params, abort.results).Export("abort").Instantiate(ctx)
	if err != nil {
		return err
	}
	_, err = wasi_snapshot_preview1.Instantiate(ctx, engine)
	return err
}

// guestLogs is rbt.log: level, pointer and length of a text.
func guestLogs(ctx context.Context, m api.Module, stack []uint64) {
	text, ok := view(m, api.DecodeU32(stack[1]), api.DecodeU32(stack[2]))
	if !ok {
		panic(errors.New("rbt.log: the text is outside of the memory"))
	}
	callOf(ctx).line(api.DecodeI32(stack[0]), text)
}

// guestAborts is env.abort, with which AssemblyScript ends: message, file, line
// and column. It never returns.
func guestAborts(_ context.Context, m api.Module, stack []uint64) {
	panic(fmt.Errorf("abort: %s, line %d of %s", assemblyScriptText(m, api.DecodeU32(stack[0])),
		api.DecodeU32(stack[2]), assemblyScriptText(m, api.DecodeU32(stack[1]))))
}

// assemblyScriptText reads a string of AssemblyScript: UTF-16, its length in
// bytes in front of it.
func assemblyScriptText(m api.Module, ptr uint32) string {
	if ptr < 4 {
		return "?"
	}
	size, ok := m.Memory().ReadUint32Le(ptr - 4)
	if !ok {
		return "?"
	}
	b, ok := view(m, ptr, min(size, 2*maxNote)&^1)
	if !ok {
		return "?"
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return clean(string(utf16.Decode(units)), maxNote)
}

// view is a stretch of the instance's memory. It may change with the next call.
func view(m api.Module, ptr, size uint32) ([]byte, bool) {
	if m.Memory() == nil {
		return nil, false
	}
	return m.Memory().Read(ptr, size)
}
