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
    FIELD(rbt_window, INT, seq),
    FIELD(rbt_window, INT, candidate),
    FIELD(rbt_window, DOUBLE, start_secs),
    FIELD(rbt_window, DOUBLE, seconds),
    FIELD(rbt_window, DOUBLE, warmup_secs),
    FIELD(rbt_window, INT, bytes),
    FIELD(rbt_window, INT, rows),
    FIELD(rbt_window, INT, moved_bytes),
    FIELD(rbt_window, INT, moved_rows),
    FIELD(rbt_window, INT, lanes),
    FIELD(rbt_window, DOUBLE, source_wait_secs),
    FIELD(rbt_window, DOUBLE, write_wait_secs),
    FIELD(rbt_window, DOUBLE, dest_flush_secs),
    FIELD(rbt_window, INT, flushes),
    FIELD(rbt_window, DOUBLE, cpu_secs),
    FIELD(rbt_window, INT, peak_memory_bytes),
    FIELD(rbt_window, INT, retries),
    FIELD(rbt_window, COUNTS, errors),
    FIELD(rbt_window, INT, dest_wal_bytes),
    FIELD(rbt_window, INT, dest_checkpoints),
    FIELD(rbt_window, DOUBLE, round_trip_secs),
    FIELD(rbt_window, DOUBLE, source_round_trip_secs),
    FIELD(rbt_window, TEXTS, missing),
    FIELD(rbt_window, TEXT, masked),
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

// written says whether exactly that name comes, without spaces and escapes.
static inline bool written(const rbt_reader *r, const field *f) {
	const char *at = r->at, *name = f->name;
	int size = f->size;
	if (r->end - at < size)
		return false;
	if (size < 8)
		return half_word(at) == half_word(name) && half_word(at + size - 4) == half_word(name + size - 4);
	for (int i = 0; i < size - 8; i += 8)
		if (rbt_word(at + i) != rbt_word(name + i))
			return false;
	return rbt_word(at + size - 8) == rbt_word(name + size - 8);
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
// none. guess is the one that comes next if they are in order; a few may be left
// out.
static inline const field *next_field(rbt_reader *r, const field *fields, int count, int *guess) {
	const field *f = 0;
	for (int i = *guess; i < count && i < *guess + 4; i++) {
		if (written(r, &fields[i])) {
			f = &fields[i];
			r->at += f->size;
			break;
		}
	}
	if (f == 0)
		f = named(r, fields, count);
	if (f != 0)
		*guess = (int)(f - fields) + 1;
	return f;
}

// QUICK is more than quick ever looks at.
enum { QUICK = 64 };

// quick reads a field that is f and a plain number, which most of a request
// are, without a call or a look at the end. It returns where the comma or bracket
// behind it is; null if it is something else, to be read with more care.
static inline const char *quick(const rbt_reader *r, const field *f, char *into) {
	static const double tens[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
	if (f->type > DOUBLE || r->end - r->at < QUICK || !written(r, f))
		return 0;
	const char *at = r->at + f->size;
	int32_t whole, more = 0, fraction = 0;
	uint64_t number = rbt_digits(rbt_word(at), 0, &whole);
	if (whole == 8)
		number = rbt_digits(rbt_word(at + 8), number, &more);
	whole += more;
	if (whole == 0 || (*at == '0' && whole > 1))
		return 0;
	at += whole;
	more = 0;
	if (*at == '.' && f->type == DOUBLE) {
		number = rbt_digits(rbt_word(++at), number, &fraction);
		if (fraction == 8)
			number = rbt_digits(rbt_word(at + 8), number, &more);
		fraction += more;
		at += fraction;
		if (fraction == 0)
			return 0;
	}
	if (whole + fraction > 15 || (*at != ',' && *at != '}')) // 15 digits are exact in a double
		return 0;
	if (f->type == INT)
		*(int64_t *)(into + f->offset) = (int64_t)number;
	else
		*(double *)(into + f->offset) = fraction == 0 ? (double)number : (double)number / tens[fraction];
	return at;
}

// read_quickly reads fields that are quick as long as they come. It says whether
// there were any; then r is where the last one ends.
static inline bool read_quickly(rbt_reader *r, const field *fields, int count, int *guess, void *into) {
	const char *behind = 0, *next;
	while (*guess < count && (next = quick(r, &fields[*guess], into)) != 0) {
		behind = next;
		r->at = next + 1;
		(*guess)++;
	}
	if (behind != 0)
		r->at = behind;
	return behind != 0;
}

static void read_field(rbt_reader *r, type t, void *into);

// read_struct reads an object into a struct. Fields that it does not know are
// skipped, and null leaves a field as it is.
static void read_struct(rbt_reader *r, const field *fields, int count, void *into) {
	bool first = true;
	int guess = 0;
	if (!rbt_open(r, '{'))
		return;
	while (rbt_more(r, '}', &first)) {
		if (read_quickly(r, fields, count, &guess, into))
			continue;
		const field *f = next_field(r, fields, count, &guess);
		if (f == 0)
			rbt_skip(r);
		else if (!rbt_read_null(r))
			read_field(r, f->type, (char *)into + f->offset);
	}
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
		read_structs(r, window_fields, COUNT(window_fields), into, sizeof(rbt_window));
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
	r->config = rbt_config_of(r->raw_config);
	return ok;
}

bool rbt_read_score_request(rbt_text json, rbt_score_request *r, rbt_error *e) {
	bool ok = read_request(json, score_fields, COUNT(score_fields), r, e);
	r->config = rbt_config_of(r->raw_config);
	return ok;
}

bool rbt_read_describe_request(rbt_text json, rbt_describe_request *r, rbt_error *e) {
	bool ok = read_request(json, describe_fields, COUNT(describe_fields), r, e);
	r->config = rbt_config_of(r->raw_config);
	return ok;
}
