// Numbers to and from decimal text, both exactly: a number is read as the double
// that is nearest to it, and written so that it reads back as itself.
#include "number.h"

// bits and double are each other's memory.
static double from_bits(uint64_t bits) {
	double x;
	__builtin_memcpy(&x, &bits, 8);
	return x;
}

static uint64_t to_bits(double x) {
	uint64_t bits;
	__builtin_memcpy(&bits, &x, 8);
	return bits;
}

// rounded is the double nearest to m × 2^exponent, m not 0; more says that it
// is a little above that. Too large is infinite.
static double rounded(uint64_t m, int32_t exponent, bool more) {
	int32_t zeros = __builtin_clzll(m);
	m <<= zeros;
	exponent += 63 - zeros; // of the leading bit
	if (exponent > 1023)
		return __builtin_inf();
	int32_t drop = exponent < -1022 ? 11 - 1022 - exponent : 11;
	if (drop > 64)
		return 0;
	uint64_t kept = drop == 64 ? 0 : m >> drop;
	uint64_t rest = drop == 64 ? m : m << (64 - drop) >> (64 - drop);
	uint64_t half = (uint64_t)1 << (drop - 1);
	if (rest > half || (rest == half && (more || (kept & 1) != 0)))
		kept++;
	// A bit that is carried out of the fraction raises the exponent by one.
	return from_bits(exponent < -1022 ? kept : ((uint64_t)(exponent + 1022) << 52) + kept);
}

// multiplied is the 128 bits of a × b.
static void multiplied(uint64_t a, uint64_t b, uint64_t *high, uint64_t *low) {
	uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
	uint64_t ll = al * bl, lh = al * bh, hl = ah * bl;
	uint64_t middle = (ll >> 32) + (uint32_t)lh + (uint32_t)hl;
	*low = middle << 32 | (uint32_t)ll;
	*high = ah * bh + (lh >> 32) + (hl >> 32) + (middle >> 32);
}

// divided is (high × 2^64 + low) / d and what is left, for high < d and a d
// whose first bit is set: two digits of 32 bits, by long division.
static uint64_t divided(uint64_t high, uint64_t low, uint64_t d, uint64_t *left) {
	uint64_t dh = d >> 32, dl = (uint32_t)d, quotient = 0;
	for (int i = 0; i < 2; i++) {
		uint64_t next = i == 0 ? low >> 32 : (uint32_t)low;
		uint64_t q = high / dh, r = high % dh;
		while (q >> 32 != 0 || q * dl > (r << 32 | next)) {
			q--;
			r += dh;
			if (r >> 32 != 0)
				break;
		}
		high = (high << 32 | next) - q * d;
		quotient = quotient << 32 | q;
	}
	*left = high;
	return quotient;
}

enum { MOST_FIVES = 27 }; // 5^27 has 63 bits

// fives are the powers of 5 up to that.
static const uint64_t fives[MOST_FIVES + 1] = {
    1u,
    5u,
    25u,
    125u,
    625u,
    3125u,
    15625u,
    78125u,
    390625u,
    1953125u,
    9765625u,
    48828125u,
    244140625u,
    1220703125u,
    6103515625u,
    30517578125u,
    152587890625u,
    762939453125u,
    3814697265625u,
    19073486328125u,
    95367431640625u,
    476837158203125u,
    2384185791015625u,
    11920928955078125u,
    59604644775390625u,
    298023223876953125u,
    1490116119384765625u,
    7450580596923828125u,
};

// scaled is digits × 10^exponent, for an exponent of at most MOST_FIVES either
// way: all of it fits into 128 bits.
static double scaled(uint64_t digits, int32_t exponent) {
	uint64_t high, low;
	if (exponent >= 0) {
		multiplied(digits, fives[exponent], &high, &low);
		if (high == 0)
			return rounded(low, exponent, false);
		int32_t zeros = __builtin_clzll(high);
		uint64_t top = zeros == 0 ? high : high << zeros | low >> (64 - zeros);
		return rounded(top, exponent + 64 - zeros, low << zeros != 0);
	}
	uint64_t five = fives[-exponent];
	int32_t n = __builtin_clzll(digits), f = __builtin_clzll(five);
	digits <<= n;
	uint64_t left, quotient = divided(digits >> 1, digits << 63, five << f, &left);
	return rounded(quotient, exponent - 63 - n + f, left != 0);
}

// big is a natural number of up to 4096 bits: words of 32 bits, the lowest first.
enum { MOST_WORDS = 128 };

typedef struct {
	uint32_t word[MOST_WORDS];
	int32_t count; // the last word is not 0
} big;

// times makes b = b × factor + more.
static void times(big *b, uint32_t factor, uint32_t more) {
	uint64_t carry = more;
	for (int32_t i = 0; i < b->count; i++) {
		carry += (uint64_t)b->word[i] * factor;
		b->word[i] = (uint32_t)carry;
		carry >>= 32;
	}
	if (carry != 0)
		b->word[b->count++] = (uint32_t)carry;
}

static void times_tens(big *b, int32_t tens) {
	for (; tens >= 9; tens -= 9)
		times(b, 1000000000, 0);
	for (; tens > 0; tens--)
		times(b, 10, 0);
}

static int32_t bits_of(const big *b) {
	return b->count == 0 ? 0 : 32 * b->count - __builtin_clz(b->word[b->count - 1]);
}

static void shift_left(big *b, int32_t bits) {
	int32_t words = bits / 32, rest = bits % 32;
	for (int32_t i = b->count - 1; i >= 0; i--)
		b->word[i + words] = b->word[i];
	for (int32_t i = 0; i < words; i++)
		b->word[i] = 0;
	if (b->count > 0)
		b->count += words;
	times(b, (uint32_t)1 << rest, 0);
}

static bool at_least(const big *a, const big *b) {
	if (a->count != b->count)
		return a->count > b->count;
	for (int32_t i = a->count - 1; i >= 0; i--)
		if (a->word[i] != b->word[i])
			return a->word[i] > b->word[i];
	return true;
}

static void subtract(big *a, const big *b) {
	int64_t borrow = 0;
	for (int32_t i = 0; i < a->count; i++) {
		borrow += (int64_t)a->word[i] - (i < b->count ? b->word[i] : 0);
		a->word[i] = (uint32_t)borrow;
		borrow >>= 32;
	}
	while (a->count > 0 && a->word[a->count - 1] == 0)
		a->count--;
}

// ratio is a / b, bit by bit.
static double ratio(big *a, big *b) {
	int32_t exponent = bits_of(a) - bits_of(b);
	if (exponent > 0)
		shift_left(b, exponent);
	else
		shift_left(a, -exponent);
	if (!at_least(a, b)) {
		shift_left(a, 1);
		exponent--;
	}
	uint64_t quotient = 0;
	for (int i = 0; i < 64; i++) {
		quotient <<= 1;
		if (at_least(a, b)) {
			subtract(a, b);
			quotient |= 1;
		}
		shift_left(a, 1);
	}
	return rounded(quotient, exponent - 63, a->count != 0);
}

// MOST_DIGITS are as many as can matter: a number halfway between two doubles
// has at most 767. Of those that follow it matters whether all of them are 0.
enum { MOST_DIGITS = 768 };

// digits_of makes a of the number's digits, and returns its exponent of ten.
static int32_t digits_of(const rbt_decimal *d, big *a) {
	int32_t count = 0;
	bool more = false;
	for (uint32_t i = 0; i < d->size; i++) {
		char c = d->at[i];
		if (c < '0' || c > '9' || (count == 0 && c == '0'))
			continue;
		if (++count <= MOST_DIGITS)
			times(a, 10, (uint32_t)(c - '0'));
		else
			more = more || c != '0';
	}
	if (count > MOST_DIGITS) {
		times(a, 10, more ? 1 : 0);
		count = MOST_DIGITS + 1;
	}
	return d->exponent + RBT_KEPT_DIGITS - count;
}

// slow reads any number.
static double slow(const rbt_decimal *d) {
	big a = {.count = 0}, b = {.word = {1}, .count = 1};
	int32_t exponent = d->exponent;
	if (d->dropped) {
		exponent = digits_of(d, &a);
	} else {
		a.word[0] = (uint32_t)d->digits;
		a.word[1] = (uint32_t)(d->digits >> 32);
		a.count = a.word[1] != 0 ? 2 : 1;
	}
	if (exponent > 0)
		times_tens(&a, exponent);
	else
		times_tens(&b, -exponent);
	return ratio(&a, &b);
}

static int32_t length(uint64_t digits) {
	int32_t n = 0;
	for (; digits != 0; digits /= 10)
		n++;
	return n;
}

double rbt_double_of(const rbt_decimal *d) {
	static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
	                              1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
	double x;
	int32_t e = d->exponent;
	if (d->digits == 0)
		x = 0;
	else if (!d->dropped && d->digits <= (uint64_t)1 << 53 && e >= -22 && e <= 22)
		x = e < 0 ? (double)d->digits / tens[-e] : (double)d->digits * tens[e]; // both are exact
	else if (!d->dropped && e >= -MOST_FIVES && e <= MOST_FIVES)
		x = scaled(d->digits, e);
	else if (e + length(d->digits) > 310)
		x = __builtin_inf();
	else if (e + length(d->digits) < -330)
		x = 0;
	else
		x = slow(d);
	return d->negative ? -x : x;
}

// blocks are a number's digits, nine at a time, with the point behind the first
// whole of them.
typedef struct {
	uint32_t block[40];
	int32_t count, whole;
} blocks;

static void trim(big *b) {
	while (b->count > 0 && b->word[b->count - 1] == 0)
		b->count--;
}

// whole_blocks writes all blocks of b.
static void whole_blocks(big *b, blocks *out) {
	uint32_t reversed[40];
	int32_t n = 0;
	while (b->count > 0) {
		uint64_t rest = 0;
		for (int32_t i = b->count - 1; i >= 0; i--) {
			rest = rest << 32 | b->word[i];
			b->word[i] = (uint32_t)(rest / 1000000000);
			rest %= 1000000000;
		}
		reversed[n++] = (uint32_t)rest;
		trim(b);
	}
	while (n > 0)
		out->block[out->count++] = reversed[--n];
	out->whole = out->count;
}

// fraction_blocks writes blocks of b / 2^(32 × words) until there are three
// behind the leading zeros, and leaves in b what follows.
static void fraction_blocks(big *b, int32_t words, blocks *out) {
	int32_t some = out->count;
	while (b->count > 0 && some < 3) {
		times(b, 1000000000, 0);
		uint32_t carry = b->count > words ? b->word[words] : 0;
		if (b->count > words)
			b->count = words;
		trim(b);
		out->block[out->count++] = carry;
		if (some > 0 || carry != 0)
			some++;
	}
}

// expand writes the first digits of x, above 0 and finite, and says whether it
// has more.
static bool expand(double x, blocks *out) {
	uint64_t bits = to_bits(x), m = bits << 12 >> 12;
	int32_t exponent = (int32_t)(bits >> 52) - 1075;
	if (bits >> 52 == 0)
		exponent++;
	else
		m |= (uint64_t)1 << 52;
	uint64_t above = exponent >= 0 ? m : exponent > -64 ? m >> -exponent : 0;
	uint64_t below = exponent >= 0 ? 0 : exponent > -64 ? m - (above << -exponent) : m;
	big whole = {.count = 0}, fraction = {.count = 0};
	for (; above != 0; above >>= 32)
		whole.word[whole.count++] = (uint32_t)above;
	if (exponent > 0)
		shift_left(&whole, exponent);
	whole_blocks(&whole, out);
	int32_t words = exponent < 0 ? (31 - exponent) / 32 : 0;
	for (; below != 0; below >>= 32)
		fraction.word[fraction.count++] = (uint32_t)below;
	if (exponent < 0)
		shift_left(&fraction, 32 * words + exponent);
	fraction_blocks(&fraction, words, out);
	return fraction.count > 0;
}

// rounded_to_17 drops what digits has beyond 17 of them; more says that it is a
// little above that.
static uint64_t rounded_to_17(uint64_t digits, uint64_t unit, bool more) {
	uint64_t rest = digits % unit;
	digits /= unit;
	return digits + (2 * rest > unit || (2 * rest == unit && (more || (digits & 1) != 0)) ? 1 : 0);
}

// any_17 are the first 17 digits of x, rounded: x is about digits × 10^exponent.
static uint64_t any_17(double x, int32_t *exponent) {
	blocks b = {.count = 0};
	bool more = expand(x, &b);
	int32_t at = 0;
	while (b.block[at] == 0)
		at++;
	uint64_t digits = b.block[at++];
	int32_t count = length(digits);
	for (; count < RBT_KEPT_DIGITS; at++) {
		uint32_t block = at < b.count ? b.block[at] : 0, unit = 1;
		int32_t take = RBT_KEPT_DIGITS - count < 9 ? RBT_KEPT_DIGITS - count : 9;
		for (int32_t i = 0; i < take; i++)
			digits *= 10;
		for (int32_t i = take; i < 9; i++)
			unit *= 10;
		digits += block / unit;
		more = more || block % unit != 0;
		count += take;
		*exponent = 9 * (b.whole - at) - take;
	}
	for (; at < b.count; at++)
		more = more || b.block[at] != 0;
	*exponent += 2;
	return rounded_to_17(digits, 100, more);
}

// digits_17 is any_17. Where x is m × 2^e and not too far from 1, x × 10^scale, a
// number of 18 or 19 digits, is m × 5^scale in 128 bits, but for its last bits.
static uint64_t digits_17(double x, int32_t *exponent) {
	uint64_t bits = to_bits(x), m = (bits << 12 >> 12) | (uint64_t)1 << 52, high, low, digits = 0;
	int32_t e = (int32_t)(bits >> 52) - 1075;
	int32_t scale = 17 - ((e + 52) * 78913 >> 18); // times log10(2): one digit too few at most
	if (scale < 0 || scale > MOST_FIVES)
		return any_17(x, exponent);
	multiplied(m, fives[scale], &high, &low);
	int32_t last = -(e + scale); // how many bits are behind the point
	bool more = false;
	if (last <= 0) {
		digits = low << -last;
	} else if (last < 64) {
		digits = high << (64 - last) | low >> last;
		more = low << (64 - last) != 0;
	} else {
		digits = high >> (last - 64);
		more = low != 0 || digits << (last - 64) != high;
	}
	uint64_t unit = digits < RBT_FULL ? 10 : 100;
	*exponent = (unit == 10 ? 1 : 2) - scale;
	return rounded_to_17(digits, unit, more);
}

// reach is by how much digits, the first 17 of x, may be off and still be read
// as x: half of what the last bit of x is worth, and a little more.
static uint64_t reach(double x, uint64_t digits) {
	uint64_t bits = to_bits(x), m = bits >> 52 == 0 ? 1 : (bits << 12 >> 12) | (uint64_t)1 << 52;
	return digits / m / 2 + 2;
}

// rbt_shortest tries 15 and 16 digits, which suffice for most numbers that
// people write and computers measure. With 17 every number reads back.
rbt_decimal rbt_shortest(double x) {
	rbt_decimal d = {.digits = 0};
	d.digits = digits_17(x, &d.exponent);
	uint64_t most = reach(x, d.digits);
	for (uint64_t unit = 100; unit >= 10; unit /= 10) {
		rbt_decimal fewer = {.digits = (d.digits + unit / 2) / unit, .exponent = d.exponent + (unit == 100 ? 2 : 1)};
		uint64_t all = fewer.digits * unit, off = all > d.digits ? all - d.digits : d.digits - all;
		if (off <= most && rbt_double_of(&fewer) == x) {
			d = fewer;
			break;
		}
	}
	while (d.digits % 10 == 0) {
		d.digits /= 10;
		d.exponent++;
	}
	return d;
}
