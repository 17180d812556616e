// JSON: a reader that goes from left to right and never beyond the end, and a
// writer.
#include "number.h"
#include "words.h"

// ---- Reading

rbt_reader rbt_read(rbt_text json) { return (rbt_reader){.begin = json.at, .at = json.at, .end = json.at + json.size}; }

void rbt_wrong(rbt_reader *r, const char *what) {
	if (r->error != 0)
		return;
	r->error = what;
	r->error_place = (uint32_t)(r->at - r->begin);
	r->at = r->end;
}

// skip_spaces is peek where there are some.
static char skip_spaces(rbt_reader *r) {
	for (; r->at < r->end; r->at++) {
		char c = *r->at;
		if (c != ' ' && c != '\n' && c != '\t' && c != '\r')
			return c;
	}
	return 0;
}

// peek is the next byte that is no space; 0 at the end.
static inline char peek(rbt_reader *r) {
	if (r->at < r->end && (unsigned char)*r->at > ' ')
		return *r->at;
	return skip_spaces(r);
}

char rbt_kind(rbt_reader *r) {
	char c = peek(r);
	return c == '-' || (c >= '0' && c <= '9') ? '0' : c;
}

bool rbt_open(rbt_reader *r, char bracket) {
	if (peek(r) != bracket) {
		rbt_wrong(r, bracket == '{' ? "there must be an object" : "there must be a list");
		return false;
	}
	if (r->depth >= RBT_MOST_DEPTH) {
		rbt_wrong(r, "it is nested too deep");
		return false;
	}
	r->depth++;
	r->at++;
	return true;
}

bool rbt_more(rbt_reader *r, char bracket, bool *first) {
	char c = peek(r);
	if (c == bracket) {
		r->depth--;
		r->at++;
		return false;
	}
	if (!*first) {
		if (c != ',') {
			rbt_wrong(r, bracket == '}' ? "there must be , or }" : "there must be , or ]");
			return false;
		}
		r->at++;
	}
	*first = false;
	if (r->at == r->end)
		rbt_wrong(r, "it ends too soon");
	return r->error == 0;
}

// hex reads four digits; -1 if they are not there.
static int32_t hex(const char *at, const char *end) {
	if (end - at < 4)
		return -1;
	int32_t n = 0;
	for (int i = 0; i < 4; i++) {
		char c = at[i];
		int32_t digit = c >= '0' && c <= '9'   ? c - '0'
		                : c >= 'a' && c <= 'f' ? c - 'a' + 10
		                : c >= 'A' && c <= 'F' ? c - 'A' + 10
		                                       : -1;
		if (digit < 0)
			return -1;
		n = n << 4 | digit;
	}
	return n;
}

enum { UNKNOWN = 0xfffd }; // stands for what is no character

// escaped reads what follows a backslash, and moves at behind it; -1 if that
// means nothing.
static int32_t escaped(const char **at, const char *end) {
	static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	if (*at == end)
		return -1;
	char c = *(*at)++;
	for (int i = 0; i < 8; i++)
		if (c == names[i])
			return meant[i];
	int32_t n = c == 'u' ? hex(*at, end) : -1;
	if (n < 0)
		return -1;
	*at += 4;
	if (n < 0xd800 || n > 0xdfff)
		return n;
	if (n > 0xdbff || end - *at < 2 || (*at)[0] != '\\' || (*at)[1] != 'u')
		return UNKNOWN;
	int32_t low = hex(*at + 2, end);
	if (low < 0xdc00 || low > 0xdfff)
		return UNKNOWN;
	*at += 6;
	return 0x10000 + ((n - 0xd800) << 10) + (low - 0xdc00);
}

// character decodes UTF-8, and moves at behind it: by one byte where that is
// none.
static int32_t character(const char **at, const char *end) {
	const unsigned char *s = (const unsigned char *)*at;
	int32_t size = s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
	(*at)++;
	if (s[0] < 0x80)
		return s[0];
	if (size == 0 || end - (const char *)s < size)
		return UNKNOWN;
	int32_t n = s[0] & (0xff >> (size + 1));
	for (int32_t i = 1; i < size; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return UNKNOWN;
		n = n << 6 | (s[i] & 0x3f);
	}
	if ((size == 3 && n < 0x800) || (n >= 0xd800 && n <= 0xdfff) || (size == 4 && n < 0x10000) || n > 0x10ffff)
		return UNKNOWN;
	*at += size - 1;
	return n;
}

static char *encode(char *to, int32_t n) {
	if (n < 0x80) {
		*to++ = (char)n;
		return to;
	}
	int rest = n < 0x800 ? 1 : n < 0x10000 ? 2 : 3;
	*to++ = (char)(0xff00 >> (rest + 1) | n >> (6 * rest));
	while (rest-- > 0)
		*to++ = (char)(0x80 | (n >> (6 * rest) & 0x3f));
	return to;
}

// closing is where the text that begins at r ends: its quote, or r's end.
static const char *closing(const rbt_reader *r) {
	const char *at = r->at;
	while (at < r->end && *at != '"')
		at += *at == '\\' && at + 1 < r->end ? 2 : 1;
	return at;
}

static rbt_text nothing(rbt_reader *r, const char *wrong) {
	rbt_wrong(r, wrong);
	return (rbt_text){"", 0};
}

// decoded reads a text whose first quote is read into memory of its own.
static rbt_text decoded(rbt_reader *r) {
	const char *end = closing(r);
	if (end == r->end)
		return nothing(r, "the text has no end");
	char *begin = rbt_get(3 * (size_t)(end - r->at)), *to = begin;
	while (r->at < end) {
		const char *at = r->at;
		int32_t n = (unsigned char)*at;
		if (n < ' ')
			return nothing(r, "a text must not have control characters");
		if (n == '\\') {
			at++;
			n = escaped(&at, end);
		} else {
			n = character(&at, end);
		}
		if (n < 0)
			return nothing(r, "the escape means nothing");
		r->at = at;
		to = encode(to, n);
	}
	r->at++;
	return (rbt_text){begin, (uint32_t)(to - begin)};
}

// text reads a text whose first quote is read. It points into the JSON where
// that is ASCII without escapes.
static rbt_text text(rbt_reader *r) {
	const char *at = r->at;
	int32_t n = 8;
	for (; n == 8 && r->end - at >= 8; at += n)
		n = rbt_plain(rbt_word(at));
	for (; n == 8 && at < r->end && rbt_is_plain(*at); at++)
		continue;
	if (at == r->end || *at != '"')
		return decoded(r);
	rbt_text t = {r->at, (uint32_t)(at - r->at)};
	r->at = at + 1;
	return t;
}

rbt_text rbt_read_text(rbt_reader *r) {
	if (peek(r) != '"')
		return nothing(r, "there must be a text");
	r->at++;
	return text(r);
}

rbt_text rbt_read_name(rbt_reader *r) {
	rbt_text name = rbt_read_text(r);
	if (r->error == 0 && peek(r) != ':')
		rbt_wrong(r, "there must be a :");
	if (r->error == 0)
		r->at++;
	return name;
}

static inline bool digit(const rbt_reader *r) { return r->at < r->end && *r->at >= '0' && *r->at <= '9'; }

// digits reads digits, and adds them to d. Those beyond RBT_KEPT_DIGITS are
// dropped.
static void digits(rbt_reader *r, rbt_decimal *d) {
	if (!digit(r))
		rbt_wrong(r, "there must be a digit");
	while (d->kept <= RBT_KEPT_DIGITS - 8 && r->end - r->at >= 8) {
		int32_t n;
		d->digits = rbt_digits(rbt_word(r->at), d->digits, &n);
		d->kept += n; // leading zeros among them
		r->at += n;
		if (n < 8)
			return;
	}
	for (; digit(r); r->at++) {
		if (d->digits < RBT_FULL) {
			d->digits = 10 * d->digits + (uint64_t)(*r->at - '0');
		} else {
			d->dropped = true;
			d->exponent++;
		}
	}
	d->kept = RBT_KEPT_DIGITS;
}

// exponent reads an exponent. Those beyond a million, which no number of digits
// brings back to something else than 0 or infinite, count as a million.
static int32_t exponent(rbt_reader *r) {
	int32_t n = 0;
	bool negative = r->at < r->end && *r->at == '-';
	if (negative || (r->at < r->end && *r->at == '+'))
		r->at++;
	if (!digit(r))
		rbt_wrong(r, "there must be a digit");
	for (; digit(r); r->at++)
		n = n < 100000 ? 10 * n + (*r->at - '0') : 1000000;
	return negative ? -n : n;
}

// number reads a number as it is written.
static rbt_decimal number(rbt_reader *r) {
	rbt_decimal d = {.whole = true};
	char c = peek(r);
	if (c != '-' && (c < '0' || c > '9')) {
		rbt_wrong(r, "there must be a number");
		return d;
	}
	d.negative = c == '-';
	r->at += d.negative;
	d.at = r->at;
	if (r->at < r->end && *r->at == '0')
		r->at++; // no digit may follow
	else
		digits(r, &d);
	if (r->at < r->end && *r->at == '.') {
		const char *point = ++r->at;
		d.whole = false;
		digits(r, &d);
		d.exponent -= (int32_t)(r->at - point);
	}
	d.size = (uint32_t)(r->at - d.at);
	if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
		d.whole = false;
		r->at++;
		d.exponent += exponent(r);
	}
	return d;
}

double rbt_read_double(rbt_reader *r) {
	double quick;
	const char *behind = r->end - r->at < RBT_QUICK ? 0 : rbt_quick_double(r->at, &quick);
	if (behind != 0) {
		r->at = behind;
		return quick;
	}
	rbt_decimal d = number(r);
	if (r->error != 0)
		return 0;
	double x = rbt_double_of(&d);
	if (x - x != 0) {
		rbt_wrong(r, "the number is too large");
		return 0;
	}
	return x;
}

int64_t rbt_read_int(rbt_reader *r) {
	int64_t quick;
	const char *behind = r->end - r->at < RBT_QUICK ? 0 : rbt_quick_int(r->at, &quick);
	if (behind != 0) {
		r->at = behind;
		return quick;
	}
	rbt_decimal d = number(r);
	if (r->error != 0)
		return 0;
	uint64_t most = (uint64_t)1 << 63;
	if (!d.whole || d.dropped) {
		double x = rbt_double_of(&d);
		if (x >= -0x1p63 && x < 0x1p63 && (double)(int64_t)x == x)
			return (int64_t)x;
	} else if (d.negative ? d.digits <= most : d.digits < most) {
		return (int64_t)(d.negative ? -d.digits : d.digits);
	}
	rbt_wrong(r, "the number must be a whole one of 64 bits");
	return 0;
}

// word reads that word, whose first letter is there.
static void word(rbt_reader *r, const char *w) {
	for (; *w != 0; w++, r->at++) {
		if (r->at == r->end || *r->at != *w) {
			rbt_wrong(r, "there must be a value");
			return;
		}
	}
}

bool rbt_read_bool(rbt_reader *r) {
	char c = peek(r);
	if (c == 't')
		word(r, "true");
	else if (c == 'f')
		word(r, "false");
	else
		rbt_wrong(r, "there must be true or false");
	return r->error == 0 && c == 't';
}

bool rbt_read_null(rbt_reader *r) {
	if (peek(r) != 'n')
		return false;
	word(r, "null");
	return r->error == 0;
}

void rbt_skip(rbt_reader *r) {
	bool first = true;
	switch (rbt_kind(r)) {
	case '{':
		if (rbt_open(r, '{'))
			while (rbt_more(r, '}', &first)) {
				rbt_read_name(r);
				rbt_skip(r);
			}
		return;
	case '[':
		if (rbt_open(r, '['))
			while (rbt_more(r, ']', &first))
				rbt_skip(r);
		return;
	case '"':
		rbt_read_text(r);
		return;
	case '0':
		number(r);
		return;
	case 't':
		word(r, "true");
		return;
	case 'f':
		word(r, "false");
		return;
	case 'n':
		word(r, "null");
		return;
	}
	rbt_wrong(r, "there must be a value");
}

rbt_text rbt_read_json(rbt_reader *r) {
	peek(r);
	const char *begin = r->at;
	rbt_skip(r);
	if (r->error != 0)
		return (rbt_text){"", 0};
	return (rbt_text){begin, (uint32_t)(r->at - begin)};
}

bool rbt_read_end(rbt_reader *r) {
	peek(r);
	if (r->at < r->end)
		rbt_wrong(r, "something follows");
	return r->error == 0;
}

rbt_text rbt_mistake(const rbt_reader *r) {
	rbt_out o = {0};
	rbt_put(&o, "byte ");
	rbt_put_int(&o, r->error_place);
	rbt_put(&o, ": ");
	rbt_put(&o, r->error);
	return rbt_written(&o);
}

// ---- Writing

// room makes room for more bytes, and returns where they go.
static char *room(rbt_out *o, uint32_t more) {
	if (more > o->room - o->size) {
		uint32_t size = 2 * o->room > o->size + more ? 2 * o->room : o->size + more + 64;
		char *at = rbt_get(size);
		if (o->size > 0)
			__builtin_memcpy(at, o->at, o->size);
		o->at = at;
		o->room = size;
	}
	return o->at + o->size;
}

static void put_char(rbt_out *o, char c) {
	*room(o, 1) = c;
	o->size++;
}

void rbt_put_text(rbt_out *o, rbt_text t) {
	if (t.size == 0)
		return;
	__builtin_memcpy(room(o, t.size), t.at, t.size);
	o->size += t.size;
}

void rbt_put(rbt_out *o, const char *s) { rbt_put_text(o, rbt_text_of(s)); }

// put_escaped puts a character that cannot stand for itself in a text.
static void put_escaped(rbt_out *o, char c) {
	static const char hex_digits[] = "0123456789abcdef", names[] = "btn\0fr"; // of 8 to 13
	put_char(o, '\\');
	if (c >= ' ') {
		put_char(o, c);
	} else if (c >= 8 && c <= 13 && c != 11) {
		put_char(o, names[c - 8]);
	} else {
		rbt_put(o, "u00");
		put_char(o, hex_digits[c >> 4]);
		put_char(o, hex_digits[c & 15]);
	}
}

void rbt_put_string(rbt_out *o, rbt_text t) {
	const char *at = t.at, *end = t.at + t.size;
	put_char(o, '"');
	while (at < end) {
		char c = *at;
		if (rbt_is_plain(c)) {
			put_char(o, c);
			at++;
		} else if ((signed char)c < 0) {
			char *to = room(o, 4);
			o->size += (uint32_t)(encode(to, character(&at, end)) - to);
		} else {
			put_escaped(o, c);
			at++;
		}
	}
	put_char(o, '"');
}

// eight_digits are those of a number below 10^8, as the bytes of a word, the first
// lowest: two halves of four digits are split into hundreds, and those into tens.
static uint64_t eight_digits(uint64_t n) {
	uint64_t fours = n / 10000 | n % 10000 << 32;
	uint64_t hundreds = (fours * 10486 >> 20) & 0x0000007f0000007f;
	uint64_t twos = hundreds | (fours - 100 * hundreds) << 16;
	uint64_t tens = (twos * 103 >> 10) & 0x000f000f000f000f;
	return (tens | (twos - 10 * tens) << 8) + RBT_EACH('0');
}

enum { DIGITS_ROOM = 24 }; // for the digits of any number, and zeros in front of them

// decimal_text writes n into the buffer.
static rbt_text decimal_text(uint64_t n, char buffer[DIGITS_ROOM]) {
	const uint64_t unit = 100000000;
	uint32_t zeros = DIGITS_ROOM - 8;
	for (; n >= unit; n /= unit, zeros -= 8)
		rbt_put_word(buffer + zeros, eight_digits(n % unit));
	rbt_put_word(buffer + zeros, eight_digits(n));
	while (zeros < DIGITS_ROOM - 1 && buffer[zeros] == '0')
		zeros++;
	return (rbt_text){buffer + zeros, DIGITS_ROOM - zeros};
}

void rbt_put_int(rbt_out *o, int64_t n) {
	char buffer[DIGITS_ROOM];
	if (n < 0)
		put_char(o, '-');
	rbt_put_text(o, decimal_text(n < 0 ? -(uint64_t)n : (uint64_t)n, buffer));
}

static void put_zeros(rbt_out *o, int32_t n) {
	while (n-- > 0)
		put_char(o, '0');
}

// put_plain writes digits with a point behind the first point of them, which
// may be none, less than none, or more than there are.
static void put_plain(rbt_out *o, rbt_text digits, int32_t point) {
	int32_t count = (int32_t)digits.size;
	if (point <= 0) {
		rbt_put(o, "0.");
		put_zeros(o, -point);
		rbt_put_text(o, digits);
	} else if (point >= count) {
		rbt_put_text(o, digits);
		put_zeros(o, point - count);
	} else {
		rbt_put_text(o, (rbt_text){digits.at, (uint32_t)point});
		put_char(o, '.');
		rbt_put_text(o, (rbt_text){digits.at + point, (uint32_t)(count - point)});
	}
}

void rbt_put_double(rbt_out *o, double x) {
	if (x - x != 0) {
		o->not_finite = true;
		rbt_put(o, "null");
		return;
	}
	if (__builtin_signbit(x)) {
		put_char(o, '-');
		x = -x;
	}
	if (x < 0x1p53 && (double)(int64_t)x == x) {
		rbt_put_int(o, (int64_t)x);
		return;
	}
	rbt_decimal d = rbt_shortest(x);
	char buffer[DIGITS_ROOM];
	rbt_text digits = decimal_text(d.digits, buffer);
	int32_t point = (int32_t)digits.size + d.exponent;
	if (point > -6 && point <= 21) {
		put_plain(o, digits, point);
		return;
	}
	rbt_put_text(o, (rbt_text){digits.at, 1});
	if (digits.size > 1) {
		put_char(o, '.');
		rbt_put_text(o, (rbt_text){digits.at + 1, digits.size - 1});
	}
	rbt_put(o, point > 0 ? "e+" : "e");
	rbt_put_int(o, point - 1);
}

rbt_text rbt_written(const rbt_out *o) { return (rbt_text){o->size == 0 ? "" : o->at, o->size}; }
