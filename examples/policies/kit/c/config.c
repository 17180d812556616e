// The config of the pipeline file: what a policy asks for, and what is wrong
// with it.
#include "config.h"

// A config whose JSON is empty has no settings.
rbt_config *rbt_config_of(rbt_text json) {
	rbt_config *c = rbt_get(sizeof *c);
	if (json.size == 0)
		return c;
	bool first = true;
	rbt_reader r = rbt_read(json);
	if (rbt_kind(&r) != '{') {
		rbt_config_refuse(c, rbt_text_of("the config must be an object"));
		return c;
	}
	rbt_open(&r, '{');
	while (rbt_more(&r, '}', &first)) {
		rbt_text name = rbt_read_name(&r);
		rbt_given *g = rbt_grown(&c->given, sizeof *g);
		*g = (rbt_given){name, rbt_read_json(&r)};
	}
	return c;
}

void rbt_config_refuse(rbt_config *c, rbt_text why) {
	if (c->error.code.size == 0)
		rbt_fail(&c->error, "bad_settings", why);
}

static bool contains(const rbt_texts *names, rbt_text name) {
	for (uint32_t i = 0; i < names->count; i++)
		if (rbt_same(names->at[i], name))
			return true;
	return false;
}

// rbt_config_json is the last one of that name, as in any reader of JSON.
rbt_text rbt_config_json(rbt_config *c, const char *name) {
	rbt_text known = rbt_text_of(name);
	if (!contains(&c->asked, known))
		*(rbt_text *)rbt_grown(&c->asked, sizeof known) = known;
	for (uint32_t i = c->given.count; i > 0; i--)
		if (rbt_is(c->given.at[i - 1].name, name))
			return c->given.at[i - 1].json;
	return (rbt_text){"", 0};
}

// excerpt puts the beginning of JSON, cut between two characters.
static void excerpt(rbt_out *o, rbt_text json) {
	enum { MOST = 40 };
	uint32_t size = json.size;
	if (size > MOST)
		for (size = MOST; (json.at[size] & 0xc0) == 0x80; size--)
			continue;
	rbt_put_text(o, (rbt_text){json.at, size});
	if (size < json.size)
		rbt_put(o, "…");
}

// mistaken refuses a setting that is not what it must be.
static void mistaken(rbt_config *c, const char *name, rbt_text must_be, rbt_text json) {
	rbt_out o = {0};
	rbt_put(&o, name);
	rbt_put(&o, ": must be ");
	rbt_put_text(&o, must_be);
	rbt_put(&o, ", not ");
	excerpt(&o, json);
	rbt_config_refuse(c, rbt_written(&o));
}

double rbt_config_number(rbt_config *c, const char *name, double otherwise, double min, double max) {
	rbt_text json = rbt_config_json(c, name);
	if (json.size == 0)
		return otherwise;
	rbt_reader r = rbt_read(json);
	double x = rbt_read_double(&r);
	if (r.error == 0 && x >= min && x <= max)
		return x;
	rbt_out o = {0};
	rbt_put(&o, "a number from ");
	rbt_put_double(&o, min);
	rbt_put(&o, " to ");
	rbt_put_double(&o, max);
	mistaken(c, name, rbt_written(&o), json);
	return otherwise;
}

bool rbt_config_bool(rbt_config *c, const char *name, bool otherwise) {
	rbt_text json = rbt_config_json(c, name);
	if (json.size == 0)
		return otherwise;
	rbt_reader r = rbt_read(json);
	bool b = rbt_read_bool(&r);
	if (r.error == 0)
		return b;
	mistaken(c, name, rbt_text_of("true or false"), json);
	return otherwise;
}

rbt_text rbt_config_text(rbt_config *c, const char *name, const char *otherwise) {
	rbt_text json = rbt_config_json(c, name);
	if (json.size == 0)
		return rbt_text_of(otherwise);
	rbt_reader r = rbt_read(json);
	rbt_text t = rbt_read_text(&r);
	if (r.error == 0)
		return t;
	mistaken(c, name, rbt_text_of("a string"), json);
	return rbt_text_of(otherwise);
}

void rbt_config_close(rbt_config *c) {
	for (uint32_t i = 0; i < c->given.count; i++) {
		if (contains(&c->asked, c->given.at[i].name))
			continue;
		rbt_out o = {0};
		rbt_put(&o, "there is no setting ");
		rbt_put_string(&o, c->given.at[i].name);
		rbt_put(&o, c->asked.count == 0 ? ": this policy has none" : ": there is ");
		for (uint32_t j = 0; j < c->asked.count; j++) {
			rbt_put(&o, j == 0 ? "" : ", ");
			rbt_put_text(&o, c->asked.at[j]);
		}
		rbt_config_refuse(c, rbt_written(&o));
	}
}
