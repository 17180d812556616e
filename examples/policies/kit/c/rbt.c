// Memory, text, the log and the two exports that are the same for all policies.
#include "rbt.h"

#ifdef __wasm__

// Memory is handed out from behind the program's own data, upwards.
extern char __heap_base;
static char *next;

enum { PAGE = 65536 };

// reserve returns zeroed memory, as it comes from the host; null if there is
// none left. It grows by more than it must, since growing may copy everything.
static void *reserve(size_t size) {
	if (next == 0)
		next = &__heap_base;
	uintptr_t at = ((uintptr_t)next + 7) & ~(uintptr_t)7;
	size_t pages = __builtin_wasm_memory_size(0);
	if (size > pages * PAGE - at) {
		size_t lacking = (size - (pages * PAGE - at) + PAGE - 1) / PAGE;
		if (lacking > PAGE - pages)
			return 0;
		if (__builtin_wasm_memory_grow(0, lacking + pages / 4) == (size_t)-1 &&
		    __builtin_wasm_memory_grow(0, lacking) == (size_t)-1)
			return 0;
	}
	next = (char *)at + size;
	return (char *)at;
}

static void end(void) { __builtin_trap(); }

__attribute__((import_module("rbt"), import_name("log"))) void rbt_host_log(int level, const char *at, uint32_t size);

void rbt_log(int level, rbt_text line) { rbt_host_log(level, line.at, line.size); }

__attribute__((export_name("rbt_abi"))) uint32_t rbt_export_abi(void) { return 1 << 16; } // 1.0

__attribute__((export_name("rbt_alloc"))) void *rbt_export_alloc(uint32_t size) { return reserve(size); }

#else

#include <stdio.h>
#include <stdlib.h>

static void *reserve(size_t size) { return calloc(1, size == 0 ? 1 : size); }

static void end(void) { abort(); }

void rbt_log(int level, rbt_text line) { fprintf(stderr, "log %d: %.*s\n", level, (int)line.size, line.at); }

#endif

void *rbt_get(size_t size) {
	void *p = reserve(size);
	if (p == 0) {
		rbt_log(RBT_ERROR, rbt_text_of("out of memory"));
		end();
	}
	return p;
}

// rbt_list has the shape of all lists.
typedef struct {
	char *at;
	uint32_t count;
} rbt_list;

// A list has room for 4 elements, and twice that whenever it is full.
void *rbt_grown(void *list, size_t size) {
	rbt_list l;
	__builtin_memcpy(&l, list, sizeof l);
	uint32_t n = l.count++;
	if (n == 0) {
		l.at = rbt_get(4 * size);
	} else if (n >= 4 && (n & (n - 1)) == 0) {
		char *more = rbt_get(2 * n * size);
		__builtin_memcpy(more, l.at, n * size);
		l.at = more;
	}
	__builtin_memcpy(list, &l, sizeof l);
	return l.at + n * size;
}

rbt_text rbt_text_of(const char *s) {
	uint32_t size = 0;
	while (s[size] != 0)
		size++;
	return (rbt_text){s, size};
}

bool rbt_is(rbt_text t, const char *s) {
	uint32_t i = 0;
	for (; i < t.size && s[i] != 0; i++)
		if (t.at[i] != s[i])
			return false;
	return i == t.size && s[i] == 0;
}

bool rbt_same(rbt_text a, rbt_text b) {
	if (a.size != b.size)
		return false;
	for (uint32_t i = 0; i < a.size; i++)
		if (a.at[i] != b.at[i])
			return false;
	return true;
}

const rbt_value *rbt_value_of(const rbt_setting *s, const char *knob) {
	for (uint32_t i = 0; i < s->count; i++)
		if (rbt_is(s->at[i].knob, knob))
			return &s->at[i].value;
	return 0;
}

const rbt_knob *rbt_knob_of(const rbt_knobs *knobs, const char *name) {
	for (uint32_t i = 0; i < knobs->count; i++)
		if (rbt_is(knobs->at[i].name, name))
			return &knobs->at[i];
	return 0;
}

bool rbt_lacks(const rbt_window *w, const char *metric) {
	for (uint32_t i = 0; i < w->missing.count; i++)
		if (rbt_is(w->missing.at[i], metric))
			return true;
	return false;
}
