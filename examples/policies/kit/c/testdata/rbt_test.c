// Tests of the kit, natively: cc -o rbt_test testdata/rbt_test.c *.c -lm, and run
// it. With the argument "numbers" it reads numbers, one a line, and prints the
// bits of each and how it would be written.
#include "../number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

static void check(bool ok, int line, const char *what) {
	if (ok)
		return;
	failures++;
	printf("line %d: %s\n", line, what);
}

#define CHECK(condition) check(condition, __LINE__, #condition)

// is compares text, and says what it is instead.
static void same(rbt_text got, const char *want, int line) {
	if (rbt_is(got, want))
		return;
	failures++;
	printf("line %d: got %.*s\n  want %s\n", line, (int)got.size, got.at, want);
}

#define SAME(got, want) same(got, want, __LINE__)

// exactly copies text into memory of exactly its size, so that a sanitizer sees
// whoever reads beyond it.
static rbt_text exactly(const char *s) {
	rbt_text t = rbt_text_of(s);
	char *copy = malloc(t.size + (t.size == 0));
	memcpy(copy, t.at, t.size);
	return (rbt_text){copy, t.size};
}

static rbt_text number_text(double x) {
	rbt_out o = {0};
	rbt_put_double(&o, x);
	return rbt_written(&o);
}

static double number_of(const char *s) {
	rbt_reader r = rbt_read(exactly(s));
	double x = rbt_read_double(&r);
	return rbt_read_end(&r) ? x : -12345;
}

static void test_numbers(void) {
	static const struct {
		double x;
		const char *text;
	} both[] = {
	    {0, "0"}, {1, "1"}, {0.1, "0.1"}, {-2.5, "-2.5"}, {1e21, "1e+21"}, {123456789012345680000.0, "123456789012345680000"},
	    {1e-6, "0.000001"}, {1e-7, "1e-7"}, {1.0 / 3, "0.3333333333333333"}, {0.1 + 0.2, "0.30000000000000004"},
	    {1e300, "1e+300"}, {-1e-300, "-1e-300"}, {0x1.fffffffffffffp1023, "1.7976931348623157e+308"},
	    {0x1p-1022, "2.2250738585072014e-308"}, {0x1p53, "9007199254740992"}, {0x1p63, "9223372036854776000"},
	    {0x1.ffffffffffffep-1023, "2.225073858507201e-308"}, {5e-324, "4.94065645841247e-324"}, {123456.789, "123456.789"},
	};
	for (size_t i = 0; i < sizeof both / sizeof *both; i++) {
		SAME(number_text(both[i].x), both[i].text);
		CHECK(number_of(both[i].text) == both[i].x);
	}
	SAME(number_text(-0.0), "-0");
	CHECK(1 / number_of("-0") < 0 && 1 / number_of("-0e400") < 0);
	CHECK(number_of("1E2") == 100 && number_of("1e+2") == 100 && number_of("10000e-2") == 100 && number_of("0.00e9") == 0);
	CHECK(number_of("2.2250738585072011e-308") == 0x1.ffffffffffffep-1023); // the one that hung others
	CHECK(number_of("9007199254740993") == 0x1p53 && number_of("9007199254740993.0000000000000000000000000000001") == 0x1p53 + 2);
	CHECK(number_of("1e-400") == 0 && number_of("0e999999999999") == 0 && number_of("2.4e-324") == 0 && number_of("2.5e-324") == 5e-324);
	static const char *wrong[] = {"", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "1.e1", "0x1", "NaN", "Infinity", "1 2", "1e309", "-1e309", "--1"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (number_of(wrong[i]) != -12345)
			CHECK(!wrong[i]);
}

static rbt_text mistake_of(const char *json) {
	rbt_reader r = rbt_read(exactly(json));
	rbt_skip(&r);
	return rbt_read_end(&r) ? rbt_text_of("") : rbt_mistake(&r);
}

static void test_skip(void) {
	static const char *right[] = {
	    "{}", "[]", " [ ] ", "null", "true", "false", "\"\"", "\"\\u0000\"", "{\"a\":{\"b\":[1,2,{}]},\"\":null}", "[[[]],[1.5e-3,-0]]", "\t\n\r 1 ",
	};
	for (size_t i = 0; i < sizeof right / sizeof *right; i++)
		SAME(mistake_of(right[i]), "");
	static const struct {
		const char *json, *mistake;
	} wrong[] = {
	    {"", "byte 0: there must be a value"},
	    {"{", "byte 1: it ends too soon"},
	    {"{\"a\"", "byte 4: there must be a :"},
	    {"{\"a\":", "byte 5: there must be a value"},
	    {"{\"a\":1", "byte 6: there must be , or }"},
	    {"{\"a\":1,", "byte 7: it ends too soon"},
	    {"{\"a\":1,}", "byte 7: there must be a text"},
	    {"{a:1}", "byte 1: there must be a text"},
	    {"[1,]", "byte 3: there must be a value"},
	    {"[1 2]", "byte 3: there must be , or ]"},
	    {"[1}", "byte 2: there must be , or ]"},
	    {"nul", "byte 3: there must be a value"},
	    {"truf", "byte 3: there must be a value"},
	    {"nulll", "byte 4: something follows"},
	    {"\"a", "byte 1: the text has no end"},
	    {"\"a\\\"", "byte 1: the text has no end"},
	    {"\"a\\", "byte 1: the text has no end"},
	    {"\"\\x\"", "byte 1: the escape means nothing"},
	    {"\"ab\\u12\"", "byte 3: the escape means nothing"},
	    {"\"a\tb\"", "byte 2: a text must not have control characters"},
	    {"{} {}", "byte 3: something follows"},
	    {"\xef\xbb\xbf{}", "byte 0: there must be a value"},
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		SAME(mistake_of(wrong[i].json), wrong[i].mistake);
}

static void test_depth(void) {
	char json[2 * RBT_MOST_DEPTH + 3] = "";
	for (int i = 0; i < RBT_MOST_DEPTH; i++) {
		json[i] = '[';
		json[2 * RBT_MOST_DEPTH - 1 - i] = ']';
	}
	SAME(mistake_of(json), "");
	memmove(json + 1, json, 2 * RBT_MOST_DEPTH);
	json[2 * RBT_MOST_DEPTH + 1] = ']';
	SAME(mistake_of(json), "byte 64: it is nested too deep");
}

static void test_texts(void) {
	static const struct {
		const char *json, *text;
	} texts[] = {
	    {"\"\"", ""},
	    {"\"orders\"", "orders"},
	    {"\"a longer one, of more than eight bytes\"", "a longer one, of more than eight bytes"},
	    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
	    {"\"\\u0041\\u00e9\\u20AC\"", "A\xc3\xa9\xe2\x82\xac"},
	    {"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"},
	    {"\"\\ud83d\"", "\xef\xbf\xbd"},
	    {"\"\\ud83dx\"", "\xef\xbf\xbdx"},
	    {"\"\\ude00\\ud83d\"", "\xef\xbf\xbd\xef\xbf\xbd"},
	    {"\"\\ud83d\\u0041\"", "\xef\xbf\xbd"
	                            "A"},
	    {"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
	    {"\"\xff\xc3\"", "\xef\xbf\xbd\xef\xbf\xbd"},
	    {"\"\xed\xa0\x80\"", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	    {"\"\xc0\xaf\"", "\xef\xbf\xbd\xef\xbf\xbd"},
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		rbt_reader r = rbt_read(exactly(texts[i].json));
		SAME(rbt_read_text(&r), texts[i].text);
		CHECK(rbt_read_end(&r));
	}
	rbt_reader r = rbt_read(exactly("\"a\\u0000b\""));
	rbt_text t = rbt_read_text(&r);
	CHECK(t.size == 3 && memcmp(t.at, "a\0b", 3) == 0);
	rbt_out o = {0};
	rbt_put_string(&o, (rbt_text){"\0\x1f\b\v\r\"\\/\x7f\xc3\xa9", 11});
	SAME(rbt_written(&o), "\"\\u0000\\u001f\\b\\u000b\\r\\\"\\\\/\x7f\xc3\xa9\"");
}

static void test_ints(void) {
	static const struct {
		const char *json;
		int64_t n;
	} right[] = {
	    {"0", 0}, {"-0", 0}, {"9223372036854775807", INT64_MAX}, {"-9223372036854775808", INT64_MIN}, {"1e3", 1000}, {"12.50e1", 125}, {"-1.0", -1},
	    {"12345678", 12345678}, {"123456789012345678", 123456789012345678},
	};
	for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
		rbt_reader r = rbt_read(exactly(right[i].json));
		CHECK(rbt_read_int(&r) == right[i].n && rbt_read_end(&r));
	}
	static const char *wrong[] = {"9223372036854775808", "-9223372036854775809", "0.5", "1e19", "99999999999999999999", "\"1\"", "null", "1e400"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		rbt_reader r = rbt_read(exactly(wrong[i]));
		CHECK(rbt_read_int(&r) == 0 && r.error != 0);
	}
	rbt_out o = {0};
	rbt_put_int(&o, INT64_MIN);
	rbt_put_int(&o, INT64_MAX);
	SAME(rbt_written(&o), "-92233720368547758089223372036854775807");
}

static void test_request(void) {
	rbt_score_request r = {0};
	rbt_error e = {0};
	CHECK(rbt_read_score_request(
	    exactly("{\"leader\":1, \"new\":[{}],\n\"evidence\":[{\"windows\":[{\"cpu_secs\" : 0.25,\"seq\":3,\"seconds\":2,\"missing\":[\"rows\"]},{}],"
	            "\"i\\u0064\":7,\"setting\":{\"copy_format\":\"text\",\"parallelism\":-4}}],\"knobs\":null,\"config\":{\"a\":[1]},\"facts\":{\"rows\":-1}}"),
	    &r, &e));
	CHECK(r.leader == 1 && r.evidence.count == 1 && r.knobs.count == 0 && r.facts.rows == -1);
	const rbt_evidence *v = &r.evidence.at[0];
	CHECK(v->id == 7 && v->windows.count == 2 && v->windows.at[0].seq == 3 && v->windows.at[0].seconds == 2);
	CHECK(rbt_lacks(&v->windows.at[0], "rows") && !rbt_lacks(&v->windows.at[0], "cpu_secs"));
	CHECK(rbt_took_cpu(&v->windows.at[0]) == 0.25);
	CHECK(rbt_value_of(&v->setting, "parallelism")->number == -4 && rbt_value_of(&v->setting, "zeal") == 0);
	SAME(rbt_value_of(&v->setting, "copy_format")->name, "text");
	SAME(r.raw_config, "{\"a\":[1]}");

	CHECK(!rbt_read_score_request(exactly("{\"leader\":1.5}"), &r, &e));
	SAME(e.code, "bad_input");
	SAME(e.message, "byte 13: the number must be a whole one of 64 bits");
	CHECK(!rbt_read_score_request(exactly("[]"), &r, &e));
	SAME(e.message, "byte 0: there must be an object");
}

// Whatever a request is cut to, it is refused, and nothing beyond it is read.
static void test_cut(void) {
	static const char whole[] =
	    "{\"facts\":{\"stream\":\"a\\u00e9\",\"rows\":12},\"evidence\":[{\"id\":1,\"setting\":{\"a\":1,\"b\":\"x\"},\"windows\":[{\"seq\":1,\"candidate\":2,"
	    "\"start_secs\":0.5,\"seconds\":1.25,\"warmup_secs\":1e-3,\"bytes\":123456789,\"rows\":1,\"errors\":{\"a\":1},\"missing\":[\"x\"]}]}]}";
	for (size_t size = 0; size < sizeof whole; size++) {
		char *copy = malloc(size + 1);
		memcpy(copy, whole, size);
		rbt_score_request r = {0};
		rbt_error e = {0};
		copy = realloc(copy, size + (size == 0));
		bool ok = rbt_read_score_request((rbt_text){copy, (uint32_t)size}, &r, &e);
		CHECK(ok == (size == sizeof whole - 1));
		free(copy);
	}
}

static void test_config(void) {
	rbt_config *c = rbt_config_of(exactly("{\"a\":0.5,\"b\":true,\"c\":\"x\\ny\",\"d\":[1, 2],\"a\":0.75}"));
	rbt_info info = {"test", "1"};
	rbt_error none = {0};
	CHECK(rbt_config_number(c, "a", 1, 0, 1) == 0.75 && rbt_config_bool(c, "b", false) && rbt_config_number(c, "z", 3, 0, 9) == 3);
	SAME(rbt_config_text(c, "c", ""), "x\ny");
	SAME(rbt_write_description(info, &none, c), "{\"error\":{\"code\":\"bad_settings\",\"message\":\"there is no setting \\\"d\\\": there is a, b, z, c\"}}");

	c = rbt_config_of(exactly("{\"a\":0.5}"));
	rbt_config_number(c, "a", 1, 0, 1);
	SAME(rbt_write_description(info, &none, c), "{\"name\":\"test\",\"version\":\"1\"}");
	SAME(rbt_write_description(info, &none, rbt_config_of(exactly("{\"a\":0.5}"))),
	     "{\"error\":{\"code\":\"bad_settings\",\"message\":\"there is no setting \\\"a\\\": this policy has none\"}}");
	SAME(rbt_write_description(info, &none, rbt_config_of(exactly("[]"))), "{\"error\":{\"code\":\"bad_settings\",\"message\":\"the config must be an object\"}}");

	c = rbt_config_of(exactly("{\"a\":\"fast\",\"b\":[\"a list that is longer than anyone wants t\xc3\xb6 read\"]}"));
	CHECK(rbt_config_number(c, "a", 1, 0, 1.5) == 1);
	SAME(c == 0 ? none.code : rbt_write_description(info, &none, c),
	     "{\"error\":{\"code\":\"bad_settings\",\"message\":\"a: must be a number from 0 to 1.5, not \\\"fast\\\"\"}}");
	c = rbt_config_of(exactly("{\"b\":[\"a list that is longer than anyone wan\xc3\xb6nts to read\"]}"));
	CHECK(rbt_config_bool(c, "b", true));
	SAME(rbt_write_description(info, &none, c),
	     "{\"error\":{\"code\":\"bad_settings\",\"message\":\"b: must be true or false, not [\\\"a list that is longer than anyone wan\xe2\x80\xa6\"}}");
}

static void test_answers(void) {
	rbt_proposal p = {0};
	SAME(rbt_write_proposal(&p, 0), "{\"candidates\":[]}");
	for (int i = 1; i < 10; i++)
		rbt_set_number(rbt_add_candidate(&p), "n", i);
	rbt_setting *s = rbt_add_candidate(&p);
	rbt_set_number(s, "n", 8);
	rbt_set_name(s, "copy_format", rbt_text_of("text"));
	rbt_set_number(s, "n", 9);
	p.note = rbt_text_of("a \"note\"");
	p.state = rbt_text_of("s");
	SAME(rbt_write_proposal(&p, 0), "{\"candidates\":[{\"n\":1},{\"n\":2},{\"n\":3},{\"n\":4},{\"n\":5},{\"n\":6},{\"n\":7},{\"n\":8},{\"n\":9},"
	                                "{\"n\":9,\"copy_format\":\"text\"}],\"note\":\"a \\\"note\\\"\",\"state\":\"s\"}");
	rbt_fail(&p.error, "policy_error", rbt_text_of("no"));
	SAME(rbt_write_proposal(&p, 0), "{\"error\":{\"code\":\"policy_error\",\"message\":\"no\"}}");

	rbt_scores scores = {0};
	rbt_add_score(&scores, 0, 1.5, 0.25);
	rbt_add_tie(rbt_add_score(&scores, 1, 2, 0), -3);
	SAME(rbt_write_scores(&scores, 0), "{\"scores\":[{\"id\":0,\"value\":1.5,\"stderr\":0.25},{\"id\":1,\"value\":2,\"stderr\":0,\"ties\":[-3]}]}");
	rbt_add_score(&scores, 2, 1 / rbt_ln(1), 0);
	SAME(rbt_write_scores(&scores, 0), "{\"error\":{\"code\":\"bad_output\",\"message\":\"the score of candidate 2 is not finite\"}}");
}

static bool close_to(double a, double b) { return a == b || (a - b < 1e-15 * b && b - a < 1e-15 * b) || (b - a < 1e-15 * -b && a - b < 1e-15 * -b); }

static void test_functions(void) {
	CHECK(rbt_ln(1) == 0 && rbt_exp(0) == 1 && rbt_exp(-800) == 0 && rbt_exp(800) > 0x1.fffffffffffffp1023 && rbt_ln(-1) != rbt_ln(-1));
	CHECK(close_to(rbt_ln(10), 2.302585092994046) && close_to(rbt_ln(1e-300), -690.7755278982137) && close_to(rbt_ln(5e-324), -744.4400719213812));
	CHECK(close_to(rbt_exp(1), 2.718281828459045) && close_to(rbt_exp(-20.5), 1.2501528663867426e-09) && close_to(rbt_exp(709.5), 1.3549863193146328e+308));
	CHECK(rbt_sqrt(2) == 1.4142135623730951);
}

static void print_numbers(void) {
	static char line[1 << 16];
	while (fgets(line, sizeof line, stdin) != 0) {
		line[strcspn(line, "\n")] = 0;
		rbt_reader r = rbt_read(rbt_text_of(line));
		double x = rbt_read_double(&r);
		if (!rbt_read_end(&r)) {
			rbt_text m = rbt_mistake(&r);
			printf("%.*s\n", (int)m.size, m.at);
			continue;
		}
		uint64_t bits;
		memcpy(&bits, &x, 8);
		rbt_text t = number_text(x);
		printf("%016llx %.*s\n", (unsigned long long)bits, (int)t.size, t.at);
	}
}

int main(int count, char **arguments) {
	if (count > 1 && strcmp(arguments[1], "numbers") == 0) {
		print_numbers();
		return 0;
	}
	test_numbers();
	test_skip();
	test_depth();
	test_texts();
	test_ints();
	test_request();
	test_cut();
	test_config();
	test_answers();
	test_functions();
	printf(failures == 0 ? "ok\n" : "%d failures\n", failures);
	return failures != 0;
}
