// Numbers to and from decimal text: for the kit's own use.
#ifndef RBT_NUMBER_H
#define RBT_NUMBER_H

#include "rbt.h"

enum { RBT_KEPT_DIGITS = 19 }; // as many as always fit into 64 bits

#define RBT_FULL 1000000000000000000u // the smallest number of so many digits

// rbt_decimal is a number as it is written: digits × 10^exponent. Where it has
// more than RBT_KEPT_DIGITS digits, the others are dropped from that, and only
// the text has all of them: it is what comes before an exponent.
typedef struct {
	bool negative;
	bool whole; // without point and exponent
	bool dropped;
	uint64_t digits;
	int32_t exponent;
	int32_t kept; // while it is read: at least as many digits are in digits
	const char *at;
	uint32_t size;
} rbt_decimal;

// rbt_double_of is the double nearest to d, infinite if d is too large for any.
double rbt_double_of(const rbt_decimal *d);

// rbt_shortest is a decimal of few digits that reads back as x, which must be
// finite and above 0.
rbt_decimal rbt_shortest(double x);

#endif
