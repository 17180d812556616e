// Requests: a table of each struct's fields says how they are read.
#include "words.h"

typedef enum {
	INT,
	DOUBLE,
	TEXT,
	JSON,
	VALUE,
	SETTING,
	TEXTS,
	NOTES,
	COUNTS,
	FACTS,
	LEFT,
	KNOBS,
	WINDOWS,
	EVIDENCE,
} type;

typedef struct {
	const char *name; // with quotes and colon
	uint8_t size;     // of that
	uint8_t type;
	uint16_t offset;
} field;

#define NAMED(of, name, type, member) {"\"" name "\":", sizeof name + 2, type, offsetof(of, member)}
#define FIELD(of, type, member) NAMED(of, #member, type, member)
#define COUNT(list) (int)(sizeof(list) / sizeof *(list))

// The order is that of ABI.md: in that order fields are found at once.
#define WINDOW_FIELDS(number, other) \
	number(INT, seq) number(INT, candidate) number(DOUBLE, start_secs) number(DOUBLE, seconds) \
	number(DOUBLE, warmup_secs) number(INT, bytes) number(INT, rows) number(INT, moved_bytes) \
	number(INT, moved_rows) number(INT, lanes) number(DOUBLE, source_wait_secs) number(DOUBLE, write_wait_secs) \
	number(DOUBLE, dest_flush_secs) number(INT, flushes) number(DOUBLE, cpu_secs) number(INT, peak_memory_bytes) \
	number(INT, retries) other(COUNTS, errors) number(INT, dest_wal_bytes) number(INT, dest_checkpoints) \
	number(DOUBLE, round_trip_secs) number(DOUBLE, source_round_trip_secs) other(TEXTS, missing) other(TEXT, masked)

static const field facts_fields[] = {
    FIELD(rbt_facts, TEXT, stream),
    FIELD(rbt_facts, INT, rows),
    FIELD(rbt_facts, INT, bytes),
    FIELD(rbt_facts, NOTES, notes),
};

static const field knob_fields[] = {
    FIELD(rbt_knob, TEXT, name),   FIELD(rbt_knob, TEXT, owner),
    FIELD(rbt_knob, TEXT, kind),   FIELD(rbt_knob, INT, min),
    FIELD(rbt_knob, INT, max),     FIELD(rbt_knob, TEXTS, values),
    NAMED(rbt_knob, "default", VALUE, standard), FIELD(rbt_knob, TEXT, doc),
};

static const field window_fields[] = {
#define TABLE(type, member) FIELD(rbt_window, type, member),
    WINDOW_FIELDS(TABLE, TABLE)
#undef TABLE
};

static const field evidence_fields[] = {
    FIELD(rbt_evidence, INT, id),
    FIELD(rbt_evidence, SETTING, setting),
    FIELD(rbt_evidence, WINDOWS, windows),
    FIELD(rbt_evidence, INT, masked),
    FIELD(rbt_evidence, TEXT, invalid),
};

static const field left_fields[] = {
    FIELD(rbt_left, DOUBLE, seconds),
    FIELD(rbt_left, INT, rows),
};

static const field propose_fields[] = {
    FIELD(rbt_propose_request, FACTS, facts),
    FIELD(rbt_propose_request, KNOBS, knobs),
    FIELD(rbt_propose_request, SETTING, pins),
    FIELD(rbt_propose_request, SETTING, baseline),
    FIELD(rbt_propose_request, SETTING, leader),
    FIELD(rbt_propose_request, INT, round),
    FIELD(rbt_propose_request, EVIDENCE, evidence),
    FIELD(rbt_propose_request, LEFT, left),
    FIELD(rbt_propose_request, TEXT, state),
    NAMED(rbt_propose_request, "config", JSON, raw_config),
};

static const field score_fields[] = {
    FIELD(rbt_score_request, FACTS, facts),
    FIELD(rbt_score_request, KNOBS, knobs),
    FIELD(rbt_score_request, INT, baseline),
    FIELD(rbt_score_request, INT, leader),
    FIELD(rbt_score_request, EVIDENCE, evidence),
    NAMED(rbt_score_request, "config", JSON, raw_config),
};

static const field describe_fields[] = {NAMED(rbt_describe_request, "config", JSON, raw_config)};

static uint32_t half_word(const char *at) {
	uint32_t w;
	__builtin_memcpy(&w, at, 4);
	return w;
}

// spelled says whether those bytes are there, at least 5 of them and at most 32.
static inline bool spelled(const char *at, const char *bytes, int size) {
	if (size < 8)
		return half_word(at) == half_word(bytes) && half_word(at + size - 4) == half_word(bytes + size - 4);
	if (rbt_word(at) != rbt_word(bytes) || (size > 16 && rbt_word(at + 8) != rbt_word(bytes + 8)))
		return false;
	if (size > 24 && rbt_word(at + 16) != rbt_word(bytes + 16))
		return false;
	return rbt_word(at + size - 8) == rbt_word(bytes + size - 8);
}

// written says whether exactly that name comes, without spaces and escapes.
static inline bool written(const rbt_reader *r, const field *f) {
	return r->end - r->at >= f->size && spelled(r->at, f->name, f->size);
}

// named looks for the field of a name that is not as written above.
static const field *named(rbt_reader *r, const field *fields, int count) {
	rbt_text name = rbt_read_name(r);
	for (int i = 0; i < count; i++)
		if (rbt_same(name, (rbt_text){fields[i].name + 1, fields[i].size - 3u}))
			return &fields[i];
	return 0;
}

// next_field reads a name, and returns the field of that name; null if there is
// none. guess is the one that comes next if they are in order.
static const field *next_field(rbt_reader *r, const field *fields, int count, int *guess) {
	const field *f = 0;
	for (int tried = 0, i = *guess; tried < count && f == 0; tried++, i++) {
		if (i == count)
			i = 0;
		if (written(r, &fields[i]))
			f = &fields[i];
	}
	if (f != 0)
		r->at += f->size;
	else
		f = named(r, fields, count);
	if (f != 0)
		*guess = (int)(f - fields) + 1;
	return f;
}

// behind_number is where the comma or brace behind a number is; null if something
// else comes.
static const char *behind_number(rbt_reader *r) {
	return r->at < r->end && (*r->at == ',' || *r->at == '}') ? r->at : 0;
}

// other_int and other_double read a number that is not plain. They return null if
// it is none, or if neither a comma nor a brace follows.
__attribute__((noinline)) static const char *other_int(rbt_reader *r, const char *at, int64_t *into) {
	r->at = at;
	if (rbt_kind(r) != '0')
		return 0;
	*into = rbt_read_int(r);
	return behind_number(r);
}

__attribute__((noinline)) static const char *other_double(rbt_reader *r, const char *at, double *into) {
	r->at = at;
	if (rbt_kind(r) != '0')
		return 0;
	*into = rbt_read_double(r);
	return behind_number(r);
}

// quick_window reads the numbers of a window, which most of a request are, as far
// as they are in order. It says whether there were any; then r is at the comma or
// bracket behind the last of them.
static bool quick_window(rbt_reader *r, rbt_window *w) {
	const char *at = r->at - 1, *begin = at, *end = r->end, *value, *next; // at the bracket or comma before a name
#define QUICK_INT rbt_quick_int
#define QUICK_DOUBLE rbt_quick_double
#define OTHER_INT other_int
#define OTHER_DOUBLE other_double
#define NUMBER(type, member)                                                            \
	if (end - at >= RBT_QUICK && spelled(at + 1, "\"" #member "\":", sizeof #member + 2)) { \
		value = at + sizeof #member + 3;                                                \
		if ((next = QUICK_##type(value, &w->member)) == 0 &&                            \
		    (next = OTHER_##type(r, value, &w->member)) == 0)                           \
			goto careful;                                                               \
		at = next;                                                                      \
		if (*at == '}')                                                                 \
			goto careful;                                                               \
	}
#define OTHER(type, member)
	WINDOW_FIELDS(NUMBER, OTHER)
#undef NUMBER
#undef OTHER
careful:
	if (r->error == 0)
		r->at = at == begin ? begin + 1 : at;
	return at != begin;
}

static void read_field(rbt_reader *r, type t, void *into);

// null_comes says whether a null may come: there are no other values with that
// letter.
static inline bool null_comes(const rbt_reader *r) { return r->at < r->end && (*r->at == 'n' || *r->at <= ' '); }

// read_fields reads the fields of an object into a struct, first before the first
// of them; guess is the one that may come next. Those that it does not know are
// skipped, and null leaves one as it is.
static void read_fields(rbt_reader *r, const field *fields, int count, void *into, bool first, int guess) {
	while (rbt_more(r, '}', &first)) {
		const field *f = next_field(r, fields, count, &guess);
		if (f == 0)
			rbt_skip(r);
		else if (!null_comes(r) || !rbt_read_null(r))
			read_field(r, f->type, (char *)into + f->offset);
	}
}

static void read_struct(rbt_reader *r, const field *fields, int count, void *into) {
	if (rbt_open(r, '{'))
		read_fields(r, fields, count, into, true, 0);
}

static void read_window(rbt_reader *r, rbt_window *w) {
	if (!rbt_open(r, '{'))
		return;
	bool some = quick_window(r, w); // and then what is missing, or masked
	read_fields(r, window_fields, COUNT(window_fields), w, !some, some ? COUNT(window_fields) - 2 : 0);
}

static void read_value(rbt_reader *r, rbt_value *v) {
	*v = (rbt_value){0};
	if (rbt_kind(r) == '"')
		v->name = rbt_read_text(r);
	else
		v->number = rbt_read_int(r);
}

// each_name reads an object whose names are data: name by name, into elements of
// list that begin with the name.
static void *each_name(rbt_reader *r, bool *first, void *list, size_t size) {
	if (!rbt_more(r, '}', first))
		return 0;
	rbt_text name = rbt_read_name(r);
	if (r->error != 0)
		return 0;
	rbt_text *element = rbt_grown(list, size);
	*element = name;
	return element;
}

static void read_setting(rbt_reader *r, rbt_setting *s) {
	bool first = true;
	rbt_stand *stand;
	*s = (rbt_setting){0};
	if (rbt_open(r, '{'))
		while ((stand = each_name(r, &first, s, sizeof *stand)) != 0)
			read_value(r, &stand->value);
}

static void read_notes(rbt_reader *r, rbt_notes *notes) {
	bool first = true;
	rbt_note *note;
	*notes = (rbt_notes){0};
	if (rbt_open(r, '{'))
		while ((note = each_name(r, &first, notes, sizeof *note)) != 0)
			note->text = rbt_read_text(r);
}

static void read_counts(rbt_reader *r, rbt_counts *counts) {
	bool first = true;
	rbt_count *count;
	*counts = (rbt_counts){0};
	if (rbt_open(r, '{'))
		while ((count = each_name(r, &first, counts, sizeof *count)) != 0)
			count->count = rbt_read_int(r);
}

static void read_texts(rbt_reader *r, rbt_texts *texts) {
	bool first = true;
	*texts = (rbt_texts){0};
	if (!rbt_open(r, '['))
		return;
	while (rbt_more(r, ']', &first)) {
		rbt_text t = rbt_read_text(r);
		*(rbt_text *)rbt_grown(texts, sizeof t) = t;
	}
}

static void read_structs(rbt_reader *r, const field *fields, int count, void *list, size_t size) {
	bool first = true;
	__builtin_memset(list, 0, sizeof(rbt_texts)); // all lists have the same shape
	if (!rbt_open(r, '['))
		return;
	while (rbt_more(r, ']', &first))
		read_struct(r, fields, count, rbt_grown(list, size));
}

static void read_windows(rbt_reader *r, rbt_windows *list) {
	bool first = true;
	*list = (rbt_windows){0};
	if (!rbt_open(r, '['))
		return;
	while (rbt_more(r, ']', &first))
		read_window(r, rbt_grown(list, sizeof(rbt_window)));
}

static void read_field(rbt_reader *r, type t, void *into) {
	switch (t) {
	case INT:
		*(int64_t *)into = rbt_read_int(r);
		return;
	case DOUBLE:
		*(double *)into = rbt_read_double(r);
		return;
	case TEXT:
		*(rbt_text *)into = rbt_read_text(r);
		return;
	case JSON:
		*(rbt_text *)into = rbt_read_json(r);
		return;
	case VALUE:
		read_value(r, into);
		return;
	case SETTING:
		read_setting(r, into);
		return;
	case TEXTS:
		read_texts(r, into);
		return;
	case NOTES:
		read_notes(r, into);
		return;
	case COUNTS:
		read_counts(r, into);
		return;
	case FACTS:
		read_struct(r, facts_fields, COUNT(facts_fields), into);
		return;
	case LEFT:
		read_struct(r, left_fields, COUNT(left_fields), into);
		return;
	case KNOBS:
		read_structs(r, knob_fields, COUNT(knob_fields), into, sizeof(rbt_knob));
		return;
	case WINDOWS:
		read_windows(r, into);
		return;
	case EVIDENCE:
		read_structs(r, evidence_fields, COUNT(evidence_fields), into, sizeof(rbt_evidence));
		return;
	}
}

// read_request reads a whole request; if it cannot, it says why in e.
static bool read_request(rbt_text json, const field *fields, int count, void *into, rbt_error *e) {
	rbt_reader r = rbt_read(json);
	read_struct(&r, fields, count, into);
	if (rbt_read_end(&r))
		return true;
	rbt_fail(e, "bad_input", rbt_mistake(&r));
	return false;
}

bool rbt_read_propose_request(rbt_text json, rbt_propose_request *r, rbt_error *e) {
	bool ok = read_request(json, propose_fields, COUNT(propose_fields), r, e);
	r->config = rbt_config_of(ok ? r->raw_config : (rbt_text){"", 0});
	return ok;
}

bool rbt_read_score_request(rbt_text json, rbt_score_request *r, rbt_error *e) {
	bool ok = read_request(json, score_fields, COUNT(score_fields), r, e);
	r->config = rbt_config_of(ok ? r->raw_config : (rbt_text){"", 0});
	return ok;
}

bool rbt_read_describe_request(rbt_text json, rbt_describe_request *r, rbt_error *e) {
	bool ok = read_request(json, describe_fields, COUNT(describe_fields), r, e);
	r->config = rbt_config_of(ok ? r->raw_config : (rbt_text){"", 0});
	return ok;
}
