// A policy that answers each request with what it has read of it, as the message
// of an error: for the tests of the kit.
#define RBT_PROPOSE
#define RBT_SCORE
#include "../rbt.h"

rbt_info describe(rbt_config *c) {
	rbt_config_number(c, "number", 0, -5, 5);
	rbt_config_bool(c, "bool", false);
	rbt_config_text(c, "text", "");
	return (rbt_info){"mirror", "1.0.0"};
}

static rbt_out o;

static void key(const char *name) {
	rbt_put(&o, o.at[o.size - 1] == '{' ? "" : ",");
	rbt_put_string(&o, rbt_text_of(name));
	rbt_put(&o, ":");
}

static void text(const char *name, rbt_text t) {
	key(name);
	rbt_put_string(&o, t);
}

static void whole(const char *name, int64_t n) {
	key(name);
	rbt_put_int(&o, n);
}

static void number(const char *name, double x) {
	key(name);
	rbt_put_double(&o, x);
}

static void value(const rbt_value *v) {
	if (v->name.size > 0)
		rbt_put_string(&o, v->name);
	else
		rbt_put_int(&o, v->number);
}

static void setting(const char *name, const rbt_setting *s) {
	key(name);
	rbt_put(&o, "{");
	for (uint32_t i = 0; i < s->count; i++) {
		rbt_put(&o, i == 0 ? "" : ",");
		rbt_put_string(&o, s->at[i].knob);
		rbt_put(&o, ":");
		value(&s->at[i].value);
	}
	rbt_put(&o, "}");
}

static void texts(const char *name, const rbt_texts *list) {
	key(name);
	rbt_put(&o, "[");
	for (uint32_t i = 0; i < list->count; i++) {
		rbt_put(&o, i == 0 ? "" : ",");
		rbt_put_string(&o, list->at[i]);
	}
	rbt_put(&o, "]");
}

static void facts(const rbt_facts *f) {
	key("facts");
	rbt_put(&o, "{");
	text("stream", f->stream);
	whole("rows", f->rows);
	whole("bytes", f->bytes);
	key("notes");
	rbt_put(&o, "{");
	for (uint32_t i = 0; i < f->notes.count; i++) {
		rbt_put(&o, i == 0 ? "" : ",");
		rbt_put_string(&o, f->notes.at[i].name);
		rbt_put(&o, ":");
		rbt_put_string(&o, f->notes.at[i].text);
	}
	rbt_put(&o, "}}");
}

static void knobs(const rbt_knobs *list) {
	key("knobs");
	rbt_put(&o, "[");
	for (uint32_t i = 0; i < list->count; i++) {
		const rbt_knob *k = &list->at[i];
		rbt_put(&o, i == 0 ? "{" : ",{");
		text("name", k->name);
		text("owner", k->owner);
		text("kind", k->kind);
		whole("min", k->min);
		whole("max", k->max);
		texts("values", &k->values);
		key("default");
		value(&k->standard);
		text("doc", k->doc);
		rbt_put(&o, "}");
	}
	rbt_put(&o, "]");
}

static void window(const rbt_window *w) {
	rbt_put(&o, "{");
	whole("seq", w->seq);
	whole("candidate", w->candidate);
	number("start_secs", w->start_secs);
	number("seconds", w->seconds);
	number("warmup_secs", w->warmup_secs);
	whole("bytes", w->bytes);
	whole("rows", w->rows);
	whole("moved_bytes", w->moved_bytes);
	whole("moved_rows", w->moved_rows);
	whole("lanes", w->lanes);
	number("source_wait_secs", w->source_wait_secs);
	number("write_wait_secs", w->write_wait_secs);
	number("dest_flush_secs", w->dest_flush_secs);
	whole("flushes", w->flushes);
	number("cpu_secs", w->cpu_secs);
	whole("peak_memory_bytes", w->peak_memory_bytes);
	whole("retries", w->retries);
	key("errors");
	rbt_put(&o, "{");
	for (uint32_t i = 0; i < w->errors.count; i++)
		rbt_put(&o, i == 0 ? "" : ","), rbt_put_string(&o, w->errors.at[i].name), rbt_put(&o, ":"),
		    rbt_put_int(&o, w->errors.at[i].count);
	rbt_put(&o, "}");
	whole("dest_wal_bytes", w->dest_wal_bytes);
	whole("dest_checkpoints", w->dest_checkpoints);
	number("round_trip_secs", w->round_trip_secs);
	number("source_round_trip_secs", w->source_round_trip_secs);
	texts("missing", &w->missing);
	text("masked", w->masked);
	rbt_put(&o, "}");
}

static void evidence(const rbt_evidences *list) {
	key("evidence");
	rbt_put(&o, "[");
	for (uint32_t i = 0; i < list->count; i++) {
		const rbt_evidence *e = &list->at[i];
		rbt_put(&o, i == 0 ? "{" : ",{");
		whole("id", e->id);
		setting("setting", &e->setting);
		key("windows");
		rbt_put(&o, "[");
		for (uint32_t j = 0; j < e->windows.count; j++) {
			rbt_put(&o, j == 0 ? "" : ",");
			window(&e->windows.at[j]);
		}
		rbt_put(&o, "]");
		whole("masked", e->masked);
		text("invalid", e->invalid);
		rbt_put(&o, "}");
	}
	rbt_put(&o, "]");
}

static void config(rbt_text json) {
	if (json.size == 0)
		return;
	key("config");
	rbt_put_text(&o, json);
}

void propose(const rbt_propose_request *r, rbt_proposal *answer) {
	rbt_put(&o, "{");
	facts(&r->facts);
	knobs(&r->knobs);
	setting("pins", &r->pins);
	setting("baseline", &r->baseline);
	setting("leader", &r->leader);
	whole("round", r->round);
	evidence(&r->evidence);
	key("left");
	rbt_put(&o, "{");
	number("seconds", r->left.seconds);
	whole("rows", r->left.rows);
	rbt_put(&o, "}");
	text("state", r->state);
	config(r->raw_config);
	rbt_put(&o, "}");
	rbt_fail(&answer->error, "mirror", rbt_written(&o));
}

void score(const rbt_score_request *r, rbt_scores *answer) {
	rbt_put(&o, "{");
	facts(&r->facts);
	knobs(&r->knobs);
	whole("baseline", r->baseline);
	whole("leader", r->leader);
	evidence(&r->evidence);
	config(r->raw_config);
	rbt_put(&o, "}");
	rbt_fail(&answer->error, "mirror", rbt_written(&o));
}
