// The kit to write a policy for rbt in C. A policy is a file such as
//
//	#define RBT_PROPOSE
//	#define RBT_SCORE
//	#include "rbt.h"
//
//	rbt_info describe(rbt_config *config) { … }
//	void propose(const rbt_propose_request *r, rbt_proposal *answer) { … }
//	void score(const rbt_score_request *r, rbt_scores *answer) { … }
//
// and a half whose macro it does not define is done by rbt's built-in policy.
// Requests are as policy/wasm/ABI.md has them, and so are the names of their
// fields; what a request leaves out is 0 or empty. Each call is made in a fresh
// instance: nothing is ever freed, and no variable keeps its value.
//
// Everything but the exports also compiles natively, so that a policy can be
// tested like any C program: see rbt_ask_score below.
#ifndef RBT_H
#define RBT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// ---- Text

// rbt_text is UTF-8 of a known size; no zero byte ends it.
typedef struct {
	const char *at;
	uint32_t size;
} rbt_text;

rbt_text rbt_text_of(const char *s); // of a string that a zero byte ends
bool rbt_is(rbt_text t, const char *s);
bool rbt_same(rbt_text a, rbt_text b);

// ---- Requests

typedef struct {
	rbt_text *at;
	uint32_t count;
} rbt_texts;

// rbt_note is what is known under a name.
typedef struct {
	rbt_text name, text;
} rbt_note;

typedef struct {
	rbt_note *at;
	uint32_t count;
} rbt_notes;

// rbt_count is how often something happened.
typedef struct {
	rbt_text name;
	int64_t count;
} rbt_count;

typedef struct {
	rbt_count *at;
	uint32_t count;
} rbt_counts;

// rbt_value is where a knob stands: a number, or one of an enum's names where
// name is not empty.
typedef struct {
	int64_t number;
	rbt_text name;
} rbt_value;

// rbt_stand is where one knob stands.
typedef struct {
	rbt_text knob;
	rbt_value value;
} rbt_stand;

// rbt_setting is where knobs stand.
typedef struct {
	rbt_stand *at;
	uint32_t count;
} rbt_setting;

typedef struct {
	rbt_setting *at;
	uint32_t count;
} rbt_settings;

// rbt_facts are what is known of a stream before its rows move; rows and bytes
// are -1 where there is no estimate.
typedef struct {
	rbt_text stream;
	int64_t rows, bytes;
	rbt_notes notes;
} rbt_facts;

// rbt_knob is what may be turned. kind is "int", "bytes" or "enum"; min and max
// are for numbers, values for enums.
typedef struct {
	rbt_text name, owner, kind;
	int64_t min, max;
	rbt_texts values;
	rbt_value standard; // "default"
	rbt_text doc;
} rbt_knob;

typedef struct {
	rbt_knob *at;
	uint32_t count;
} rbt_knobs;

typedef struct {
	int64_t seq, candidate;
	double start_secs, seconds, warmup_secs;
	int64_t bytes, rows, moved_bytes, moved_rows, lanes;
	double source_wait_secs, write_wait_secs, dest_flush_secs;
	int64_t flushes;
	double cpu_secs;
	int64_t peak_memory_bytes, retries;
	rbt_counts errors;
	int64_t dest_wal_bytes, dest_checkpoints;
	double round_trip_secs, source_round_trip_secs;
	rbt_texts missing;
	rbt_text masked;
} rbt_window;

typedef struct {
	rbt_window *at;
	uint32_t count;
} rbt_windows;

typedef struct {
	int64_t id;
	rbt_setting setting;
	rbt_windows windows;
	int64_t masked;
	rbt_text invalid;
} rbt_evidence;

typedef struct {
	rbt_evidence *at;
	uint32_t count;
} rbt_evidences;

typedef struct {
	double seconds;
	int64_t rows; // -1 without bound
} rbt_left;

typedef struct rbt_config rbt_config;

typedef struct {
	rbt_facts facts;
	rbt_knobs knobs;
	rbt_setting pins, baseline, leader;
	int64_t round;
	rbt_evidences evidence;
	rbt_left left;
	rbt_text state;
	rbt_text raw_config; // as JSON
	rbt_config *config;
} rbt_propose_request;

typedef struct {
	rbt_facts facts;
	rbt_knobs knobs;
	int64_t baseline, leader; // ids in evidence
	rbt_evidences evidence;
	rbt_text raw_config;
	rbt_config *config;
} rbt_score_request;

typedef struct {
	rbt_text raw_config;
	rbt_config *config;
} rbt_describe_request;

// rbt_value_of is where a knob stands in s; null if s does not say.
const rbt_value *rbt_value_of(const rbt_setting *s, const char *knob);

// rbt_knob_of finds a knob; null if it may not be turned.
const rbt_knob *rbt_knob_of(const rbt_knobs *knobs, const char *name);

// rbt_lacks says whether a metric of w, by its name in JSON, could not be read.
bool rbt_lacks(const rbt_window *w, const char *metric);

// ---- The config of the pipeline file
//
// These return the setting of that name, or what it is otherwise. One that is
// something else refuses the config. Whatever describe has not asked for is no
// setting of the policy, and refuses the config as well.

double rbt_config_number(rbt_config *c, const char *name, double otherwise, double min, double max);
bool rbt_config_bool(rbt_config *c, const char *name, bool otherwise);
rbt_text rbt_config_text(rbt_config *c, const char *name, const char *otherwise);
rbt_text rbt_config_json(rbt_config *c, const char *name); // empty if there is none

// rbt_config_refuse refuses it for a reason of the policy's own.
void rbt_config_refuse(rbt_config *c, rbt_text why);

// ---- Answers

// rbt_info is who the policy is.
typedef struct {
	const char *name, *version;
} rbt_info;

// rbt_error says that the policy cannot answer; code is empty where it can.
typedef struct {
	rbt_text code, message;
} rbt_error;

void rbt_fail(rbt_error *e, const char *code, rbt_text message);

typedef struct {
	rbt_settings candidates;
	rbt_text note, state;
	rbt_error error;
} rbt_proposal;

// rbt_add_candidate returns an empty setting to fill, valid until the next one
// is added. A knob that is not set stays as the leader has it.
rbt_setting *rbt_add_candidate(rbt_proposal *answer);
void rbt_set_number(rbt_setting *s, const char *knob, int64_t number);
void rbt_set_name(rbt_setting *s, const char *knob, rbt_text name);

enum { RBT_MOST_TIES = 16 };

typedef struct {
	int64_t id;
	double value, standard_error; // "stderr", the name of a macro in C
	double ties[RBT_MOST_TIES];
	uint32_t tie_count;
} rbt_score;

typedef struct {
	rbt_score *at;
	uint32_t count;
	rbt_error error;
} rbt_scores;

// rbt_add_score returns the score that it added, valid until the next one is.
rbt_score *rbt_add_score(rbt_scores *answer, int64_t id, double value, double standard_error);
void rbt_add_tie(rbt_score *s, double number); // those beyond RBT_MOST_TIES are dropped

// ---- Comparing candidates

// rbt_ratio is the natural logarithm of what a candidate is worth over the
// leader, and its standard error.
typedef struct {
	double log, error;
} rbt_ratio;

// rbt_compare compares every candidate with the one of that id as the built-in
// policy does: by the bytes of windows that ran one after the other, over what
// they took, for instance their seconds. Throughput drifts; that cancels out.
// A window that took 0 or less counts for nothing. There is a ratio for each of
// the evidence.
rbt_ratio *rbt_compare(const rbt_evidences *evidence, int64_t leader, double (*took)(const rbt_window *));

double rbt_took_seconds(const rbt_window *w);
double rbt_took_cpu(const rbt_window *w); // 0 where it is not known

double rbt_ln(double x);
double rbt_exp(double x);
double rbt_sqrt(double x);

// ---- Log

enum { RBT_DEBUG, RBT_INFO, RBT_WARN, RBT_ERROR };

// rbt_log adds a line to rbt's log; natively to standard error.
void rbt_log(int level, rbt_text line);

// ---- Memory

// rbt_get returns zeroed memory that is never freed. Without any left the call
// ends in a trap; natively the program does.
void *rbt_get(size_t size);

// rbt_grown makes room for one more element of a list, and returns it, zeroed.
// list points at a struct of a pointer and a count, as the lists above are.
void *rbt_grown(void *list, size_t size);

// ---- Writing text and JSON

typedef struct {
	char *at;
	uint32_t size, room;
	bool not_finite; // a number was, and null is in its place
} rbt_out;

void rbt_put(rbt_out *o, const char *s); // as it is
void rbt_put_text(rbt_out *o, rbt_text t);
void rbt_put_string(rbt_out *o, rbt_text t); // quoted and escaped, what is no UTF-8 replaced
void rbt_put_int(rbt_out *o, int64_t n);
void rbt_put_double(rbt_out *o, double x); // reads back as the same number
rbt_text rbt_written(const rbt_out *o);

// ---- Reading JSON

// rbt_reader reads JSON from left to right. The first mistake ends it: from then
// on it returns nothing but zeros.
typedef struct {
	const char *begin, *at, *end;
	int32_t depth;
	const char *error;    // what is wrong, null if nothing is
	uint32_t error_place; // at which byte
} rbt_reader;

enum { RBT_MOST_DEPTH = 64 };

rbt_reader rbt_read(rbt_text json);

// An object is read so, a list with '[' and ']' and without names:
//
//	bool first = true;
//	if (rbt_open(&r, '{'))
//		while (rbt_more(&r, '}', &first)) { name = rbt_read_name(&r); … }
bool rbt_open(rbt_reader *r, char bracket);
bool rbt_more(rbt_reader *r, char bracket, bool *first);
rbt_text rbt_read_name(rbt_reader *r);

char rbt_kind(rbt_reader *r); // of what comes: { [ " t f n 0, or 0 at the end
rbt_text rbt_read_text(rbt_reader *r);
double rbt_read_double(rbt_reader *r);
int64_t rbt_read_int(rbt_reader *r);
bool rbt_read_bool(rbt_reader *r);
bool rbt_read_null(rbt_reader *r);     // reads a null if one comes
rbt_text rbt_read_json(rbt_reader *r); // any value, as it is written
void rbt_skip(rbt_reader *r);
bool rbt_read_end(rbt_reader *r); // says whether all was right, and nothing follows
void rbt_wrong(rbt_reader *r, const char *what);
rbt_text rbt_mistake(const rbt_reader *r); // "byte 17: …"

// ---- What the kit does around a policy

rbt_config *rbt_config_of(rbt_text json);
bool rbt_read_describe_request(rbt_text json, rbt_describe_request *r, rbt_error *e);
bool rbt_read_propose_request(rbt_text json, rbt_propose_request *r, rbt_error *e);
bool rbt_read_score_request(rbt_text json, rbt_score_request *r, rbt_error *e);
rbt_text rbt_write_description(rbt_info info, const rbt_error *e, rbt_config *c);
rbt_text rbt_write_proposal(const rbt_proposal *p, const rbt_config *c);
rbt_text rbt_write_scores(const rbt_scores *s, const rbt_config *c);

#if defined(RBT_PROPOSE) || defined(RBT_SCORE)

// What the host calls has the name in quotes. rbt_ask_… are the same with text,
// for tests: a request in JSON goes in, the answer comes out.
#ifdef __wasm__
#define RBT_EXPORT(name) \
	__attribute__((export_name("rbt_" #name))) uint64_t rbt_export_##name(const char *at, uint32_t size) { \
		rbt_text answer = rbt_ask_##name((rbt_text){at, size}); \
		return (uint64_t)(uintptr_t)answer.at << 32 | answer.size; \
	}
#else
#define RBT_EXPORT(name)
#endif

rbt_info describe(rbt_config *config);

rbt_text rbt_ask_describe(rbt_text request) {
	rbt_describe_request r = {0};
	rbt_error error = {0};
	rbt_info info = {0};
	if (rbt_read_describe_request(request, &r, &error))
		info = describe(r.config);
	return rbt_write_description(info, &error, r.config);
}
RBT_EXPORT(describe)

#ifdef RBT_PROPOSE
void propose(const rbt_propose_request *r, rbt_proposal *answer);

rbt_text rbt_ask_propose(rbt_text request) {
	rbt_propose_request r = {0};
	rbt_proposal answer = {0};
	if (rbt_read_propose_request(request, &r, &answer.error))
		propose(&r, &answer);
	return rbt_write_proposal(&answer, r.config);
}
RBT_EXPORT(propose)
#endif

#ifdef RBT_SCORE
void score(const rbt_score_request *r, rbt_scores *answer);

rbt_text rbt_ask_score(rbt_text request) {
	rbt_score_request r = {0};
	rbt_scores answer = {0};
	if (rbt_read_score_request(request, &r, &answer.error))
		score(&r, &answer);
	return rbt_write_scores(&answer, r.config);
}
RBT_EXPORT(score)
#endif

#endif
#endif
