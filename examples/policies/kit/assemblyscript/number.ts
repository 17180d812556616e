// Numbers to and from decimal text, both exactly: a number is read as the double
// that is nearest to it, and written so that it reads back as itself.

/** As many digits as always fit into 64 bits. */
export const KEPT_DIGITS: i32 = 19;

/** The smallest number of so many digits. */
export const FULL: u64 = 1000000000000000000;

/**
 * Decimal is a number as it is written: digits × 10^exponent. Where it has more
 * than KEPT_DIGITS digits, the others are dropped from that, and only the text
 * has all of them: it is what comes before an exponent.
 */
export class Decimal {
  negative: bool = false;
  whole: bool = true; // without point and exponent
  dropped: bool = false;
  digits: u64 = 0;
  exponent: i32 = 0;
  kept: i32 = 0; // while it is read: at least as many digits are in digits
  at: usize = 0;
  size: i32 = 0;

  clear(): void {
    this.negative = this.dropped = false;
    this.whole = true;
    this.digits = 0;
    this.exponent = this.kept = 0;
  }

  /** The double nearest to it, infinite if it is too large for any. */
  double(): f64 {
    const e = this.exponent;
    let x: f64 = 0;
    if (this.digits != 0) {
      if (!this.dropped && this.digits <= 1 << 53 && e >= -22 && e <= 22) {
        const ten = unchecked(tens[abs(e)]); // both are exact
        x = e < 0 ? <f64>this.digits / ten : <f64>this.digits * ten;
      } else if (!this.dropped && e >= -MOST_FIVES && e <= MOST_FIVES) {
        x = scaled(this.digits, e);
      } else if (e + length(this.digits) > 310) {
        x = Infinity;
      } else if (e + length(this.digits) >= -330) {
        x = slow(this);
      }
    }
    return this.negative ? -x : x;
  }
}

const tens: StaticArray<f64> = [
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
];

/** 10^n, for an n from 0 to 22. */
export function tenTo(n: i32): f64 {
  return unchecked(tens[n]);
}

// rounded is the double nearest to m × 2^exponent, m not 0; more says that it
// is a little above that. Too large is infinite.
function rounded(m: u64, exponent: i32, more: bool): f64 {
  const zeros = <i32>clz(m);
  m <<= zeros;
  exponent += 63 - zeros; // of the leading bit
  if (exponent > 1023) return Infinity;
  const drop = exponent < -1022 ? 11 - 1022 - exponent : 11;
  if (drop > 64) return 0;
  let kept: u64 = drop == 64 ? 0 : m >> drop;
  const rest: u64 = drop == 64 ? m : (m << (64 - drop)) >> (64 - drop);
  const half: u64 = <u64>1 << (drop - 1);
  if (rest > half || (rest == half && (more || (kept & 1) != 0))) kept++;
  // A bit that is carried out of the fraction raises the exponent by one.
  return reinterpret<f64>(exponent < -1022 ? kept : (<u64>(exponent + 1022) << 52) + kept);
}

// high and low are a result of 128 bits, left what a division leaves.
let high: u64 = 0;
let low: u64 = 0;
let left: u64 = 0;

// multiplied makes high and low a × b.
function multiplied(a: u64, b: u64): void {
  const al: u64 = <u32>a, ah: u64 = a >> 32, bl: u64 = <u32>b, bh: u64 = b >> 32;
  const ll = al * bl, lh = al * bh, hl = ah * bl;
  const middle: u64 = (ll >> 32) + <u64><u32>lh + <u64><u32>hl;
  low = (middle << 32) | <u64><u32>ll;
  high = ah * bh + (lh >> 32) + (hl >> 32) + (middle >> 32);
}

// divided is (top × 2^64 + bottom) / d, for top < d and a d whose first bit is
// set: two digits of 32 bits, by long division.
function divided(top: u64, bottom: u64, d: u64): u64 {
  const dh = d >> 32, dl: u64 = <u32>d;
  let quotient: u64 = 0;
  for (let i = 0; i < 2; i++) {
    const next: u64 = i == 0 ? bottom >> 32 : <u64><u32>bottom;
    let q = top / dh, r = top % dh;
    while (q >> 32 != 0 || q * dl > ((r << 32) | next)) {
      q--;
      r += dh;
      if (r >> 32 != 0) break;
    }
    top = ((top << 32) | next) - q * d;
    quotient = (quotient << 32) | q;
  }
  left = top;
  return quotient;
}

const MOST_FIVES: i32 = 27; // 5^27 has 63 bits

function fives(n: i32): u64 {
  let p: u64 = 1;
  for (; n >= 4; n -= 4) p *= 625;
  for (; n > 0; n--) p *= 5;
  return p;
}

// scaled is digits × 10^exponent, for an exponent of at most MOST_FIVES either
// way: all of it fits into 128 bits.
function scaled(digits: u64, exponent: i32): f64 {
  if (exponent >= 0) {
    multiplied(digits, fives(exponent));
    if (high == 0) return rounded(low, exponent, false);
    const zeros = <i32>clz(high);
    const top = zeros == 0 ? high : (high << zeros) | (low >> (64 - zeros));
    return rounded(top, exponent + 64 - zeros, low << zeros != 0);
  }
  const five = fives(-exponent);
  const n = <i32>clz(digits), f = <i32>clz(five);
  digits <<= n;
  const quotient = divided(digits >> 1, digits << 63, five << f);
  return rounded(quotient, exponent - 63 - n + f, left != 0);
}

// Big is a natural number of up to 4096 bits: words of 32 bits, the lowest first.
// The last one of its count is not 0.
class Big {
  word: StaticArray<u32> = new StaticArray<u32>(128);
  count: i32 = 0;

  static of(n: u64): Big {
    const b = new Big();
    for (; n != 0; n >>= 32) unchecked((b.word[b.count++] = <u32>n));
    return b;
  }

  trim(): void {
    while (this.count > 0 && unchecked(this.word[this.count - 1]) == 0) this.count--;
  }

  // times makes it itself × factor + more.
  times(factor: u32, more: u32): void {
    let carry: u64 = more;
    for (let i = 0; i < this.count; i++) {
      carry += <u64>unchecked(this.word[i]) * <u64>factor;
      unchecked((this.word[i] = <u32>carry));
      carry >>= 32;
    }
    if (carry != 0) this.word[this.count++] = <u32>carry;
  }

  timesTens(tens: i32): void {
    for (; tens >= 9; tens -= 9) this.times(1000000000, 0);
    for (; tens > 0; tens--) this.times(10, 0);
  }

  bits(): i32 {
    return this.count == 0 ? 0 : 32 * this.count - <i32>clz(this.word[this.count - 1]);
  }

  shiftLeft(bits: i32): void {
    const words = bits / 32, rest = bits % 32;
    for (let i = this.count - 1; i >= 0; i--) this.word[i + words] = this.word[i];
    for (let i = 0; i < words; i++) this.word[i] = 0;
    if (this.count > 0) this.count += words;
    this.times(<u32>1 << rest, 0);
  }

  atLeast(b: Big): bool {
    if (this.count != b.count) return this.count > b.count;
    for (let i = this.count - 1; i >= 0; i--) {
      if (this.word[i] != b.word[i]) return this.word[i] > b.word[i];
    }
    return true;
  }

  subtract(b: Big): void {
    let borrow: i64 = 0;
    for (let i = 0; i < this.count; i++) {
      borrow += <i64>this.word[i] - (i < b.count ? <i64>b.word[i] : 0);
      this.word[i] = <u32>borrow;
      borrow >>= 32;
    }
    this.trim();
  }
}

// ratio is a / b, bit by bit.
function ratio(a: Big, b: Big): f64 {
  let exponent = a.bits() - b.bits();
  if (exponent > 0) b.shiftLeft(exponent);
  else a.shiftLeft(-exponent);
  if (!a.atLeast(b)) {
    a.shiftLeft(1);
    exponent--;
  }
  let quotient: u64 = 0;
  for (let i = 0; i < 64; i++) {
    quotient <<= 1;
    if (a.atLeast(b)) {
      a.subtract(b);
      quotient |= 1;
    }
    a.shiftLeft(1);
  }
  return rounded(quotient, exponent - 63, a.count != 0);
}

// MOST_DIGITS are as many as can matter: a number halfway between two doubles
// has at most 767. Of those that follow it matters whether all of them are 0.
const MOST_DIGITS: i32 = 768;

// digitsOf makes a of the number's digits, and returns its exponent of ten.
function digitsOf(d: Decimal, a: Big): i32 {
  let count = 0, more = false;
  for (let i = 0; i < d.size; i++) {
    const c = <i32>load<u8>(d.at + i) - 48;
    if (c < 0 || c > 9 || (count == 0 && c == 0)) continue;
    if (++count <= MOST_DIGITS) a.times(10, c);
    else more = more || c != 0;
  }
  if (count > MOST_DIGITS) {
    a.times(10, more ? 1 : 0);
    count = MOST_DIGITS + 1;
  }
  return d.exponent + KEPT_DIGITS - count;
}

// slow reads any number.
function slow(d: Decimal): f64 {
  const a = d.dropped ? new Big() : Big.of(d.digits), b = Big.of(1);
  const exponent = d.dropped ? digitsOf(d, a) : d.exponent;
  if (exponent > 0) a.timesTens(exponent);
  else b.timesTens(-exponent);
  return ratio(a, b);
}

function length(digits: u64): i32 {
  let n = 0;
  for (; digits != 0; digits /= 10) n++;
  return n;
}

// Blocks are a number's digits, nine at a time, with the point behind the first
// whole of them.
class Blocks {
  block: StaticArray<u32> = new StaticArray<u32>(40);
  count: i32 = 0;
  whole: i32 = 0;

  // addWhole adds all blocks of b.
  addWhole(b: Big): void {
    const reversed = new StaticArray<u32>(40);
    let n = 0;
    while (b.count > 0) {
      let rest: u64 = 0;
      for (let i = b.count - 1; i >= 0; i--) {
        rest = (rest << 32) | b.word[i];
        b.word[i] = <u32>(rest / 1000000000);
        rest %= 1000000000;
      }
      reversed[n++] = <u32>rest;
      b.trim();
    }
    while (n > 0) this.block[this.count++] = reversed[--n];
    this.whole = this.count;
  }

  // addFraction adds blocks of b / 2^(32 × words) until there are three behind
  // the leading zeros, and leaves in b what follows.
  addFraction(b: Big, words: i32): void {
    let some = this.count;
    while (b.count > 0 && some < 3) {
      b.times(1000000000, 0);
      const carry: u32 = b.count > words ? b.word[words] : 0;
      if (b.count > words) b.count = words;
      b.trim();
      this.block[this.count++] = carry;
      if (some > 0 || carry != 0) some++;
    }
  }
}

// expand adds the first digits of x, above 0 and finite, and says whether it has
// more.
function expand(x: f64, out: Blocks): bool {
  const bits = reinterpret<u64>(x);
  let m = (bits << 12) >> 12, exponent = <i32>(bits >> 52) - 1075;
  if (bits >> 52 == 0) exponent++;
  else m |= <u64>1 << 52;
  const above: u64 = exponent >= 0 ? m : exponent > -64 ? m >> -exponent : 0;
  const below: u64 = exponent >= 0 ? 0 : exponent > -64 ? m - (above << -exponent) : m;
  const whole = Big.of(above), fraction = Big.of(below);
  if (exponent > 0) whole.shiftLeft(exponent);
  out.addWhole(whole);
  const words = exponent < 0 ? (31 - exponent) / 32 : 0;
  if (exponent < 0) fraction.shiftLeft(32 * words + exponent);
  out.addFraction(fraction, words);
  return fraction.count > 0;
}

// roundedTo17 drops what digits has beyond 17 of them; more says that it is a
// little above that.
function roundedTo17(digits: u64, unit: u64, more: bool): u64 {
  const rest = digits % unit;
  digits /= unit;
  return digits + (2 * rest > unit || (2 * rest == unit && (more || (digits & 1) != 0)) ? 1 : 0);
}

// any17 makes d the first 17 digits of x, rounded.
function any17(x: f64, d: Decimal): void {
  const b = new Blocks();
  let more = expand(x, b), at = 0;
  while (b.block[at] == 0) at++;
  let digits: u64 = b.block[at++];
  let count = length(digits);
  for (; count < KEPT_DIGITS; at++) {
    const block: u32 = at < b.count ? b.block[at] : 0;
    const take = min(KEPT_DIGITS - count, 9);
    let unit: u32 = 1;
    for (let i = 0; i < take; i++) digits *= 10;
    for (let i = take; i < 9; i++) unit *= 10;
    digits += block / unit;
    more = more || block % unit != 0;
    count += take;
    d.exponent = 9 * (b.whole - at) - take;
  }
  for (; at < b.count; at++) more = more || b.block[at] != 0;
  d.exponent += 2;
  d.digits = roundedTo17(digits, 100, more);
}

// first17 is any17. Where x is m × 2^e and not too far from 1, x × 10^scale, a
// number of 18 or 19 digits, is m × 5^scale in 128 bits, but for its last bits.
function first17(x: f64, d: Decimal): void {
  const bits = reinterpret<u64>(x), m = ((bits << 12) >> 12) | ((<u64>1) << 52);
  const e = <i32>(bits >> 52) - 1075;
  const scale = 17 - (((e + 52) * 78913) >> 18); // times log10(2): one digit too few at most
  if (scale < 0 || scale > MOST_FIVES) {
    any17(x, d);
    return;
  }
  multiplied(m, fives(scale));
  const last = -(e + scale); // how many bits are behind the point
  let digits: u64 = 0, more = false;
  if (last <= 0) {
    digits = low << -last;
  } else if (last < 64) {
    digits = (high << (64 - last)) | (low >> last);
    more = low << (64 - last) != 0;
  } else {
    digits = high >> (last - 64);
    more = low != 0 || digits << (last - 64) != high;
  }
  const unit: u64 = digits < FULL ? 10 : 100;
  d.exponent = (unit == 10 ? 1 : 2) - scale;
  d.digits = roundedTo17(digits, unit, more);
}

/**
 * A decimal of few digits that reads back as x, which must be finite and above
 * 0. It tries 15 and 16 digits, which suffice for most numbers that people write
 * and computers measure. With 17 every number reads back.
 */
export function shortest(x: f64): Decimal {
  let d = new Decimal();
  first17(x, d);
  for (let unit: u64 = 100; unit >= 10; unit /= 10) {
    const fewer = new Decimal();
    fewer.digits = (d.digits + unit / 2) / unit;
    fewer.exponent = d.exponent + (unit == 100 ? 2 : 1);
    if (fewer.double() == x) {
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
