// Answers: what a policy fills, and how it is written.
#include "config.h"

// put puts a literal, whose size the compiler knows.
#define put(o, literal) rbt_put_text(o, (rbt_text){literal, sizeof literal - 1})

void rbt_fail(rbt_error *e, const char *code, rbt_text message) { *e = (rbt_error){rbt_text_of(code), message}; }

rbt_setting *rbt_add_candidate(rbt_proposal *answer) { return rbt_grown(&answer->candidates, sizeof(rbt_setting)); }

// stand is where the knob's value goes, the one that it has already if any.
static rbt_value *stand(rbt_setting *s, const char *knob) {
	for (uint32_t i = 0; i < s->count; i++)
		if (rbt_is(s->at[i].knob, knob))
			return &s->at[i].value;
	rbt_stand *new = rbt_grown(s, sizeof *new);
	new->knob = rbt_text_of(knob);
	return &new->value;
}

void rbt_set_number(rbt_setting *s, const char *knob, int64_t number) {
	*stand(s, knob) = (rbt_value){.number = number};
}

void rbt_set_name(rbt_setting *s, const char *knob, rbt_text name) { *stand(s, knob) = (rbt_value){.name = name}; }

rbt_score *rbt_add_score(rbt_scores *answer, int64_t id, double value, double standard_error) {
	rbt_score *s = rbt_grown(answer, sizeof *s);
	s->id = id;
	s->value = value;
	s->standard_error = standard_error;
	return s;
}

void rbt_add_tie(rbt_score *s, double number) {
	if (s->tie_count < RBT_MOST_TIES)
		s->ties[s->tie_count++] = number;
}

static rbt_text write_error(const rbt_error *e) {
	rbt_out o = {0};
	put(&o, "{\"error\":{\"code\":");
	rbt_put_string(&o, e->code);
	put(&o, ",\"message\":");
	rbt_put_string(&o, e->message);
	put(&o, "}}");
	return rbt_written(&o);
}

// failed is the error of an answer: the config's before the policy's own.
static const rbt_error *failed(const rbt_error *own, const rbt_config *c) {
	if (c != 0 && c->error.code.size > 0)
		return &c->error;
	return own->code.size > 0 ? own : 0;
}

rbt_text rbt_write_description(rbt_info info, const rbt_error *e, rbt_config *c) {
	if (e->code.size == 0)
		rbt_config_close(c);
	const rbt_error *wrong = failed(e, c);
	if (wrong != 0)
		return write_error(wrong);
	rbt_out o = {0};
	put(&o, "{\"name\":");
	rbt_put_string(&o, rbt_text_of(info.name));
	put(&o, ",\"version\":");
	rbt_put_string(&o, rbt_text_of(info.version));
	put(&o, "}");
	return rbt_written(&o);
}

static void put_setting(rbt_out *o, const rbt_setting *s) {
	put(o, "{");
	for (uint32_t i = 0; i < s->count; i++) {
		rbt_put(o, i == 0 ? "" : ",");
		rbt_put_string(o, s->at[i].knob);
		put(o, ":");
		if (s->at[i].value.name.size > 0)
			rbt_put_string(o, s->at[i].value.name);
		else
			rbt_put_int(o, s->at[i].value.number);
	}
	put(o, "}");
}

rbt_text rbt_write_proposal(const rbt_proposal *p, const rbt_config *c) {
	const rbt_error *wrong = failed(&p->error, c);
	if (wrong != 0)
		return write_error(wrong);
	rbt_out o = {0};
	put(&o, "{\"candidates\":[");
	for (uint32_t i = 0; i < p->candidates.count; i++) {
		rbt_put(&o, i == 0 ? "" : ",");
		put_setting(&o, &p->candidates.at[i]);
	}
	put(&o, "]");
	if (p->note.size > 0) {
		put(&o, ",\"note\":");
		rbt_put_string(&o, p->note);
	}
	if (p->state.size > 0) {
		put(&o, ",\"state\":");
		rbt_put_string(&o, p->state);
	}
	put(&o, "}");
	return rbt_written(&o);
}

static void put_score(rbt_out *o, const rbt_score *s) {
	put(o, "{\"id\":");
	rbt_put_int(o, s->id);
	put(o, ",\"value\":");
	rbt_put_double(o, s->value);
	put(o, ",\"stderr\":");
	rbt_put_double(o, s->standard_error);
	for (uint32_t i = 0; i < s->tie_count; i++) {
		if (i == 0)
			put(o, ",\"ties\":[");
		else
			put(o, ",");
		rbt_put_double(o, s->ties[i]);
	}
	if (s->tie_count > 0)
		put(o, "]");
	put(o, "}");
}

// not_finite says which candidate has a score that JSON cannot hold.
static rbt_text not_finite(int64_t id) {
	rbt_out o = {0};
	put(&o, "the score of candidate ");
	rbt_put_int(&o, id);
	put(&o, " is not finite");
	rbt_error e;
	rbt_fail(&e, "bad_output", rbt_written(&o));
	return write_error(&e);
}

rbt_text rbt_write_scores(const rbt_scores *s, const rbt_config *c) {
	const rbt_error *wrong = failed(&s->error, c);
	if (wrong != 0)
		return write_error(wrong);
	rbt_out o = {0};
	put(&o, "{\"scores\":[");
	for (uint32_t i = 0; i < s->count; i++) {
		if (i > 0)
			put(&o, ",");
		put_score(&o, &s->at[i]);
		if (o.not_finite)
			return not_finite(s->at[i].id);
	}
	put(&o, "]}");
	return rbt_written(&o);
}
