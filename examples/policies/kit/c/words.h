// Eight bytes of JSON at a time, which an interpreter does much faster than one
// after the other: for the kit's own use.
#ifndef RBT_WORDS_H
#define RBT_WORDS_H

#include "rbt.h"

#define RBT_EACH(byte) (0x0101010101010101u * (byte))

// rbt_word is the eight bytes at that address, the first one lowest.
static inline uint64_t rbt_word(const char *at) {
	uint64_t w;
	__builtin_memcpy(&w, at, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	return w;
}

// rbt_put_word puts them back.
static inline void rbt_put_word(char *at, uint64_t w) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	__builtin_memcpy(at, &w, 8);
}

// rbt_leading is how many bytes come before the first whose high bit is set.
static inline int32_t rbt_leading(uint64_t flags) { return (flags == 0 ? 64 : __builtin_ctzll(flags)) >> 3; }

// A byte of a text that stands for itself: not a quote, a backslash, a control
// character or a part of a longer one.
static inline bool rbt_is_plain(char c) { return c != '"' && c != '\\' && c >= ' ' && (signed char)c >= 0; }

// rbt_plain is how many bytes of w come before the first that is not plain. A
// byte that borrows from the next one makes mistakes, but behind itself only.
static inline int32_t rbt_plain(uint64_t w) {
	uint64_t quote = w ^ RBT_EACH('"'), backslash = w ^ RBT_EACH('\\');
	uint64_t odd = ((quote - RBT_EACH(1)) & ~quote) | ((backslash - RBT_EACH(1)) & ~backslash) | (w - RBT_EACH(' ')) | w;
	return rbt_leading(odd & RBT_EACH(0x80));
}

// rbt_digits appends the digits that w begins with to number, and says how many
// they are.
static inline uint64_t rbt_digits(uint64_t w, uint64_t number, int32_t *count) {
	static const uint32_t tens[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
	w ^= RBT_EACH('0');
	int32_t n = rbt_leading(((w + RBT_EACH(0x76)) | w) & RBT_EACH(0x80));
	*count = n;
	if (n == 0)
		return number;
	w <<= 64 - 8 * n; // zeros come before them
	w = (w * (1 + (10 << 8))) >> 8 & 0x00ff00ff00ff00ff;
	w = (w * (1 + (100 << 16))) >> 16 & 0x0000ffff0000ffff;
	w = (w * (1 + ((uint64_t)10000 << 32))) >> 32;
	return number * tens[n] + w;
}

// RBT_QUICK is more than the functions below ever look at.
enum { RBT_QUICK = 80 };

#define RBT_INLINE __attribute__((always_inline)) static inline

// rbt_quick_digits reads up to 16 digits, and appends them to number.
RBT_INLINE const char *rbt_quick_digits(const char *at, uint64_t *number, int32_t *count) {
	int32_t more = 0;
	*number = rbt_digits(rbt_word(at), *number, count);
	if (*count == 8)
		*number = rbt_digits(rbt_word(at + 8), *number, &more);
	*count += more;
	return at + *count;
}

// rbt_quick_number reads a plain number, which most of a request are, as number /
// 10^fraction. It returns where the comma or brace behind it is; null if it is
// something else, to be read with more care.
RBT_INLINE const char *rbt_quick_number(const char *at, bool fractions, uint64_t *number, int32_t *fraction) {
	int32_t whole = 1;
	uint32_t first = (unsigned char)*at, second = (unsigned char)at[1];
	*number = first - '0';
	*fraction = 0;
	if (first - '0' > 9)
		return 0;
	if (second == ',') // most often
		return at + 1;
	if (second == '.' || second == '}' || first == '0') {
		at++;
	} else {
		*number = 0;
		at = rbt_quick_digits(at, number, &whole);
	}
	if (fractions && *at == '.') {
		at = rbt_quick_digits(at + 1, number, fraction);
		if (*fraction == 0)
			return 0;
	}
	if (whole + *fraction > 15 || (*at != ',' && *at != '}')) // 15 digits are exact in a double
		return 0;
	return at;
}

RBT_INLINE const char *rbt_quick_int(const char *at, int64_t *into) {
	uint64_t number;
	int32_t fraction;
	at = rbt_quick_number(at, false, &number, &fraction);
	if (at != 0)
		*into = (int64_t)number;
	return at;
}

RBT_INLINE const char *rbt_quick_double(const char *at, double *into) {
	static const double tens[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
	uint64_t number;
	int32_t fraction;
	at = rbt_quick_number(at, true, &number, &fraction);
	if (at != 0)
		*into = fraction == 0 ? (double)number : (double)number / tens[fraction];
	return at;
}

#endif
