// JSON: a reader that goes from left to right and never beyond the end, and a
// writer.
import { Decimal, FULL, KEPT_DIGITS, shortest, tenTo } from "./number";

const QUOTE: u8 = 0x22, BACKSLASH: u8 = 0x5c, COMMA: u8 = 0x2c, COLON: u8 = 0x3a, POINT: u8 = 0x2e;
const ZERO: u8 = 0x30, MINUS: u8 = 0x2d, PLUS: u8 = 0x2b;
const BRACE: u8 = 0x7b, BRACE_END: u8 = 0x7d, BRACKET: u8 = 0x5b, BRACKET_END: u8 = 0x5d;

/** Objects and lists may be nested as deep as this. */
export const MOST_DEPTH: i32 = 64;

const UNKNOWN: i32 = 0xfffd; // stands for what is no character
const NONE: i32 = -1;

// each is eight times that byte.
// @ts-ignore: decorator
@inline
function each(byte: u64): u64 {
  return 0x0101010101010101 * byte;
}

// leading is how many bytes come before the first whose high bit is set.
// @ts-ignore: decorator
@inline
function leading(flags: u64): i32 {
  return <i32>(ctz(flags) >> 3); // of 0 that is 8
}

// plain is how many of eight bytes come before the first that is a quote, a
// backslash, a control character or a part of a longer one. A byte that borrows
// from the next one makes mistakes, but behind itself only.
// @ts-ignore: decorator
@inline
function plain(w: u64): i32 {
  const quote = w ^ each(QUOTE), backslash = w ^ each(BACKSLASH);
  const odd = ((quote - each(1)) & ~quote) | ((backslash - each(1)) & ~backslash) | (w - each(0x20)) | w;
  return leading(odd & each(0x80));
}

// digitsAt is how many digits there are among eight bytes, from the first on.
// @ts-ignore: decorator
@inline
function digitsAt(w: u64): i32 {
  w ^= each(ZERO);
  return leading(((w + each(0x76)) | w) & each(0x80));
}

const powers: StaticArray<u32> = [1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000];

// appended is number with the first n digits of w behind it, n not 0.
// @ts-ignore: decorator
@inline
function appended(number: u64, w: u64, n: i32): u64 {
  w = (w ^ each(ZERO)) << (64 - 8 * n); // zeros come before them
  w = ((w * (1 + (10 << 8))) >> 8) & 0x00ff00ff00ff00ff;
  w = ((w * (1 + (100 << 16))) >> 16) & 0x0000ffff0000ffff;
  w = (w * (1 + ((<u64>10000) << 32))) >> 32;
  return number * unchecked(powers[n]) + w;
}

// isPlain is what plain counts.
function isPlain(c: u8): bool {
  return c != QUOTE && c != BACKSLASH && c >= 0x20 && c < 0x80;
}

// widened is ASCII as a string.
function widened(at: usize, size: i32): string {
  const s = __new((<usize>size) << 1, idof<string>());
  let i: usize = 0;
  for (; i + 4 <= <usize>size; i += 4) {
    let four: u64 = load<u32>(at + i);
    four = (four | (four << 16)) & 0x0000ffff0000ffff;
    store<u64>(s + (i << 1), (four | (four << 8)) & 0x00ff00ff00ff00ff);
  }
  for (; i < <usize>size; i++) store<u16>(s + (i << 1), load<u8>(at + i));
  return changetype<string>(s);
}

// cursor is where escaped and character read, and behind which they move it.
let cursor: usize = 0;

// hex reads four digits; -1 if they are not there.
function hex(at: usize, end: usize): i32 {
  if (end - at < 4) return NONE;
  let n = 0;
  for (let i = 0; i < 4; i++) {
    const c: i32 = load<u8>(at + i), letter = (c | 0x20) - 0x61;
    const digit = c >= 0x30 && c <= 0x39 ? c - 0x30 : letter >= 0 && letter < 6 ? letter + 10 : NONE;
    if (digit < 0) return NONE;
    n = (n << 4) | digit;
  }
  return n;
}

// escaped reads what follows a backslash; -1 if that means nothing.
function escaped(end: usize): i32 {
  if (cursor == end) return NONE;
  const c: i32 = load<u8>(cursor++);
  switch (c) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f:
      return c;
    case 0x62:
      return 0x08;
    case 0x66:
      return 0x0c;
    case 0x6e:
      return 0x0a;
    case 0x72:
      return 0x0d;
    case 0x74:
      return 0x09;
    case 0x75:
      break;
    default:
      return NONE;
  }
  const n = hex(cursor, end);
  if (n < 0) return NONE;
  cursor += 4;
  if (n < 0xd800 || n > 0xdfff) return n;
  if (n > 0xdbff || end - cursor < 2 || load<u8>(cursor) != BACKSLASH || load<u8>(cursor + 1) != 0x75) return UNKNOWN;
  const low = hex(cursor + 2, end);
  if (low < 0xdc00 || low > 0xdfff) return UNKNOWN;
  cursor += 6;
  return 0x10000 + ((n - 0xd800) << 10) + (low - 0xdc00);
}

// character decodes UTF-8: one byte where that is none.
function character(end: usize): i32 {
  const at = cursor++, c: i32 = load<u8>(at);
  if (c < 0x80) return c;
  const size = c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
  if (size == 0 || <i32>(end - at) < size) return UNKNOWN;
  let n = c & (0xff >> (size + 1));
  for (let i = 1; i < size; i++) {
    const more: i32 = load<u8>(at + i);
    if ((more & 0xc0) != 0x80) return UNKNOWN;
    n = (n << 6) | (more & 0x3f);
  }
  if ((size == 3 && n < 0x800) || (n >= 0xd800 && n <= 0xdfff) || (size == 4 && n < 0x10000) || n > 0x10ffff) {
    return UNKNOWN;
  }
  cursor += size - 1;
  return n;
}

/** Json is a value as it is written; its size is 0 where there is none. */
export class Json {
  constructor(
    public at: usize = 0,
    public size: usize = 0,
  ) {}

  reader(): Reader {
    return new Reader(this.at, this.size);
  }

  toString(): string {
    return new Out().putJson(this).toString();
  }
}

/**
 * Reader reads JSON from left to right. The first mistake ends it: from then on
 * it returns nothing but zeros.
 *
 * An object of known names is read so, whatever their order:
 *
 *     if (r.open())
 *       while (r.next()) {
 *         if (r.is("seq")) this.seq = r.int();
 *         if (r.is("seconds")) this.seconds = r.double();
 *       }
 *
 * A null leaves a field as it is, and other names are skipped. Where names are
 * data, and in lists, it is moreNames() and more().
 */
export class Reader {
  error: string | null = null; // what is wrong
  place: i32 = 0; // at which byte

  private begin: usize;
  private at: usize;
  private end: usize;
  private depth: i32 = 0;
  private first: bool = false; // nothing was read yet of what is open
  private known: bool = false; // since the last next, a name was
  private name: string | null = null; // that comes, where it is not written plainly
  private decimal: Decimal = new Decimal();

  constructor(at: usize, size: usize) {
    this.begin = this.at = at;
    this.end = at + size;
  }

  wrong(what: string): void {
    if (this.error !== null) return;
    this.error = what;
    this.place = <i32>(this.at - this.begin);
    this.at = this.end;
  }

  /** The mistake in a sentence: "byte 17: …". */
  mistake(): string {
    const what = this.error;
    return what === null ? "" : "byte " + this.place.toString() + ": " + what;
  }

  // peek is the next byte that is no space; 0 at the end.
  private peek(): u8 {
    while (this.at < this.end) {
      const c = load<u8>(this.at);
      if (c > 0x20 || (c != 0x20 && c != 0x0a && c != 0x09 && c != 0x0d)) return c;
      this.at++;
    }
    return 0;
  }

  /** What comes: one of { [ " t f n 0, or 0 at the end. */
  kind(): u8 {
    const c = this.peek();
    return c == MINUS || (c >= ZERO && c <= ZERO + 9) ? ZERO : c;
  }

  /** Enters an object. */
  open(): bool {
    return this.enter(BRACE, "there must be an object");
  }

  /** Enters a list. */
  openList(): bool {
    return this.enter(BRACKET, "there must be a list");
  }

  private enter(bracket: u8, otherwise: string): bool {
    if (this.peek() != bracket) {
      this.wrong(otherwise);
      return false;
    }
    if (this.depth >= MOST_DEPTH) {
      this.wrong("it is nested too deep");
      return false;
    }
    this.depth++;
    this.at++;
    this.first = this.known = true;
    return true;
  }

  // leave is for the outer object or list, of which something was read.
  private leave(): bool {
    this.depth--;
    this.at++;
    this.first = false;
    this.known = true;
    return false;
  }

  /** Says whether there is more of a list, and moves there. */
  more(): bool {
    return this.moreUntil(BRACKET_END, "there must be , or ]");
  }

  /** The same of an object whose names are data. */
  moreNames(): bool {
    return this.moreUntil(BRACE_END, "there must be , or }");
  }

  private moreUntil(bracket: u8, otherwise: string): bool {
    const c = this.peek();
    return c == bracket ? this.leave() : this.separate(c, otherwise);
  }

  private separate(c: u8, otherwise: string): bool {
    if (!this.first) {
      if (c != COMMA) this.wrong(otherwise);
      else this.at++;
    }
    this.first = false;
    if (this.at == this.end) this.wrong("it ends too soon");
    return this.error === null;
  }

  /** Says whether there is more of an object whose names are asked for with is. */
  next(): bool {
    if (this.name !== null) { // and nobody knew it
      this.name = null;
      this.skip();
    }
    const c = this.peek();
    if (this.error !== null) return false;
    if (c == BRACE_END) return this.leave();
    if (this.known) {
      this.known = false;
      return true;
    }
    if (!this.separate(c, "there must be , or }")) return false;
    this.name = this.readName();
    return this.error === null;
  }

  /** Says whether the field of that name comes, and moves to its value. */
  is(name: string): bool {
    if (this.name !== null) {
      if (this.name != name) return false;
      this.name = null;
    } else if (!this.written(name)) {
      return false;
    }
    this.first = false;
    this.known = true;
    return this.peek() != 0x6e || !this.isNull();
  }

  // written says whether that name comes, without spaces and escapes, and reads it.
  private written(name: string): bool {
    const size: usize = name.length;
    let at = this.at;
    if (this.end - at < size + 4) return false;
    if (!this.first && load<u8>(at++) != COMMA) return false;
    if (load<u8>(at++) != QUOTE) return false;
    let from = changetype<usize>(name), i: usize = 0;
    for (; i + 4 <= size; i += 4, from += 8) {
      let four = load<u64>(from); // of UTF-16
      four = (four | (four >> 8)) & 0x0000ffff0000ffff;
      if (load<u32>(at + i) != <u32>(four | (four >> 16))) return false;
    }
    for (; i < size; i++, from += 2) if (load<u8>(at + i) != load<u8>(from)) return false;
    at += size;
    if (load<u8>(at) != QUOTE || load<u8>(at + 1) != COLON) return false;
    this.at = at + 2;
    return true;
  }

  /** A name and its colon. */
  readName(): string {
    const name = this.text();
    if (this.error === null && this.peek() != COLON) this.wrong("there must be a :");
    if (this.error === null) this.at++;
    return name;
  }

  text(): string {
    if (this.peek() != QUOTE) {
      this.wrong("there must be a text");
      return "";
    }
    const begin = ++this.at;
    let at = begin, n = 8;
    while (n == 8 && this.end - at >= 8) {
      n = plain(load<u64>(at));
      at += n;
    }
    if (n == 8) while (at < this.end && isPlain(load<u8>(at))) at++;
    if (at == this.end || load<u8>(at) != QUOTE) return this.decoded();
    this.at = at + 1;
    return widened(begin, <i32>(at - begin));
  }

  // closing is where the text ends that begins here: its quote, or the end.
  private closing(): usize {
    let at = this.at;
    while (at < this.end && load<u8>(at) != QUOTE) at += load<u8>(at) == BACKSLASH && at + 1 < this.end ? 2 : 1;
    return at;
  }

  private nothing(wrong: string): string {
    this.wrong(wrong);
    return "";
  }

  // decoded reads a text whose first quote is read.
  private decoded(): string {
    const end = this.closing();
    if (end == this.end) return this.nothing("the text has no end");
    const room = __new((end - this.at) << 1, idof<string>());
    let to = room;
    while (this.at < end) {
      cursor = this.at;
      let n: i32 = load<u8>(cursor);
      if (n < 0x20) return this.nothing("a text must not have control characters");
      if (n == BACKSLASH) {
        cursor++;
        n = escaped(end);
      } else {
        n = character(end);
      }
      if (n < 0) return this.nothing("the escape means nothing");
      this.at = cursor;
      if (n > 0xffff) {
        store<u16>(to, 0xd7c0 + (n >> 10));
        to += 2;
        n = 0xdc00 | (n & 0x3ff);
      }
      store<u16>(to, n);
      to += 2;
    }
    this.at++;
    return String.UTF16.decodeUnsafe(room, to - room);
  }

  private digit(): bool {
    return this.at < this.end && <u32>load<u8>(this.at) - <u32>ZERO <= 9;
  }

  // digits reads digits, and adds them to d. Those beyond KEPT_DIGITS are dropped.
  private digits(d: Decimal): void {
    if (!this.digit()) this.wrong("there must be a digit");
    while (d.kept <= KEPT_DIGITS - 8 && this.end - this.at >= 8) {
      const w = load<u64>(this.at), n = digitsAt(w);
      if (n > 0) d.digits = appended(d.digits, w, n);
      d.kept += n; // leading zeros among them
      this.at += n;
      if (n < 8) return;
    }
    for (; this.digit(); this.at++) {
      if (d.digits < FULL) {
        d.digits = 10 * d.digits + <u64>(load<u8>(this.at) - ZERO);
      } else {
        d.dropped = true;
        d.exponent++;
      }
    }
    d.kept = KEPT_DIGITS;
  }

  // exponent reads an exponent. Those beyond a million, which no number of digits
  // brings back to something else than 0 or infinite, count as a million.
  private exponent(): i32 {
    let n = 0;
    const negative = this.at < this.end && load<u8>(this.at) == MINUS;
    if (negative || (this.at < this.end && load<u8>(this.at) == PLUS)) this.at++;
    if (!this.digit()) this.wrong("there must be a digit");
    for (; this.digit(); this.at++) n = n < 100000 ? 10 * n + <i32>(load<u8>(this.at) - ZERO) : 1000000;
    return negative ? -n : n;
  }

  // number reads a number as it is written.
  private number(): Decimal {
    const d = this.decimal, c = this.peek();
    d.clear();
    if (c != MINUS && (c < ZERO || c > ZERO + 9)) {
      this.wrong("there must be a number");
      return d;
    }
    d.negative = c == MINUS;
    if (d.negative) this.at++;
    d.at = this.at;
    if (this.at < this.end && load<u8>(this.at) == ZERO) this.at++; // no digit may follow
    else this.digits(d);
    if (this.at < this.end && load<u8>(this.at) == POINT) {
      const point = ++this.at;
      d.whole = false;
      this.digits(d);
      d.exponent -= <i32>(this.at - point);
    }
    d.size = <i32>(this.at - d.at);
    if (this.at < this.end && (load<u8>(this.at) | 0x20) == 0x65) {
      d.whole = false;
      this.at++;
      d.exponent += this.exponent();
    }
    return d;
  }

  // quick reads a plain number, which most of a request are, into decimal, without
  // a look at the end. It returns false, having read nothing, if it is something
  // else, to be read with more care.
  private quick(): bool {
    let at = this.at;
    if (this.end - at < 48) return false;
    const first = <u32>load<u8>(at) - <u32>ZERO, second = load<u8>(at + 1);
    let number: u64 = first, whole = 1, fraction = 0;
    if (first > 9) return false;
    at++;
    if (second != COMMA) { // most often it is one
      if (second != POINT && second != BRACE_END && first != 0) {
        let w = load<u64>(--at), n = digitsAt(w);
        number = appended(0, w, n);
        at += n;
        whole = n;
        if (n == 8) {
          w = load<u64>(at);
          n = digitsAt(w);
          if (n > 0) number = appended(number, w, n);
          at += n;
          whole += n;
        }
      }
      if (load<u8>(at) == POINT) {
        let w = load<u64>(++at);
        fraction = digitsAt(w);
        if (fraction == 0) return false;
        number = appended(number, w, fraction);
        at += fraction;
        if (fraction == 8) {
          w = load<u64>(at);
          const n = digitsAt(w);
          if (n > 0) number = appended(number, w, n);
          at += n;
          fraction += n;
        }
      }
      const c = load<u8>(at);
      if (whole + fraction > 15 || (c != COMMA && c != BRACE_END)) return false; // 15 digits are exact in a double
    }
    this.decimal.digits = number;
    this.decimal.exponent = -fraction;
    this.at = at;
    return true;
  }

  double(): f64 {
    if (this.quick()) {
      const d = this.decimal, x = <f64>d.digits;
      return d.exponent == 0 ? x : x / tenTo(-d.exponent);
    }
    const x = this.number().double();
    if (this.error !== null) return 0;
    if (isFinite(x)) return x;
    this.wrong("the number is too large");
    return 0;
  }

  int(): i64 {
    const begin = this.at;
    if (this.quick()) {
      if (this.decimal.exponent == 0) return this.decimal.digits;
      this.at = begin;
    }
    const d = this.number();
    if (this.error !== null) return 0;
    const most: u64 = 1 << 63;
    if (!d.whole || d.dropped) {
      const x = d.double();
      if (x >= -9223372036854775808.0 && x < 9223372036854775808.0 && <f64>(<i64>x) == x) return <i64>x;
    } else if (d.negative ? d.digits <= most : d.digits < most) {
      return d.negative ? -<i64>d.digits : <i64>d.digits;
    }
    this.wrong("the number must be a whole one of 64 bits");
    return 0;
  }

  // word reads that word, whose first letter is there.
  private word(w: string): void {
    for (let i = 0; i < w.length; i++, this.at++) {
      if (this.at == this.end || load<u8>(this.at) != w.charCodeAt(i)) {
        this.wrong("there must be a value");
        return;
      }
    }
  }

  bool(): bool {
    const c = this.peek();
    if (c == 0x74) this.word("true");
    else if (c == 0x66) this.word("false");
    else this.wrong("there must be true or false");
    return this.error === null && c == 0x74;
  }

  /** Reads a null if one comes. */
  isNull(): bool {
    if (this.peek() != 0x6e) return false;
    this.word("null");
    return this.error === null;
  }

  /** Reads any value. */
  skip(): void {
    switch (this.kind()) {
      case BRACE:
        if (this.open()) {
          while (this.moreNames()) {
            this.readName();
            this.skip();
          }
        }
        return;
      case BRACKET:
        if (this.openList()) while (this.more()) this.skip();
        return;
      case QUOTE:
        this.text();
        return;
      case ZERO:
        this.number();
        return;
      case 0x74:
        this.word("true");
        return;
      case 0x66:
        this.word("false");
        return;
      case 0x6e:
        this.word("null");
        return;
    }
    this.wrong("there must be a value");
  }

  /** Any value, as it is written. */
  json(): Json {
    this.peek();
    const begin = this.at;
    this.skip();
    return new Json(begin, this.error === null ? this.at - begin : 0);
  }

  /** Says whether all was right, and nothing follows. */
  ends(): bool {
    this.peek();
    if (this.at < this.end) this.wrong("something follows");
    return this.error === null;
  }
}

/** Out writes text and JSON, in UTF-8. */
export class Out {
  notFinite: bool = false; // a number was, and null is in its place
  size: i32 = 0;

  private room: i32 = 1024;
  private at: usize = heap.alloc(1024);

  private byte(c: i32): void {
    if (this.size == this.room) this.grow(1);
    store<u8>(this.at + this.size++, c);
  }

  private grow(more: i32): void {
    this.room = 2 * this.room + more;
    const at = heap.alloc(this.room);
    memory.copy(at, this.at, this.size);
    this.at = at;
  }

  // point writes a character. Half of one becomes U+FFFD.
  private point(n: i32): void {
    if (n < 0x80) {
      this.byte(n);
      return;
    }
    if (n >= 0xd800 && n <= 0xdfff) n = UNKNOWN;
    let rest = n < 0x800 ? 1 : n < 0x10000 ? 2 : 3;
    this.byte((0xff00 >> (rest + 1)) | (n >> (6 * rest)));
    while (rest-- > 0) this.byte(0x80 | ((n >> (6 * rest)) & 0x3f));
  }

  /** As it is. */
  put(s: string): Out {
    for (let i = 0; i < s.length; i++) {
      const n = s.codePointAt(i);
      if (n > 0xffff) i++;
      this.point(n);
    }
    return this;
  }

  /** Quoted and escaped. */
  putString(s: string): Out {
    this.byte(QUOTE);
    for (let i = 0; i < s.length; i++) {
      const n = s.codePointAt(i);
      if (n > 0xffff) i++;
      if (n < 0x20) this.control(n);
      else {
        if (n == QUOTE || n == BACKSLASH) this.byte(BACKSLASH);
        this.point(n);
      }
    }
    this.byte(QUOTE);
    return this;
  }

  private control(n: i32): void {
    this.byte(BACKSLASH);
    if (n >= 8 && n <= 13 && n != 11) {
      this.byte("btn_fr".charCodeAt(n - 8));
      return;
    }
    this.put("u00");
    this.byte(ZERO + (n >> 4));
    this.byte("0123456789abcdef".charCodeAt(n & 15));
  }

  /** A value as it is written, what is no UTF-8 replaced. */
  putJson(json: Json): Out {
    const end = json.at + json.size;
    cursor = json.at;
    while (cursor < end) this.point(character(end));
    return this;
  }

  putInt(n: i64): Out {
    if (n < 0) this.byte(MINUS);
    this.digits(n < 0 ? -<u64>n : n);
    return this;
  }

  // digits writes n, and returns how many digits it has.
  private digits(n: u64): i32 {
    let count = 0;
    for (let rest = n; count == 0 || rest != 0; rest /= 10) count++;
    while (this.room - this.size < count) this.grow(count);
    this.size += count;
    for (let i = 1; i <= count; i++, n /= 10) store<u8>(this.at + this.size - i, ZERO + <u8>(n % 10));
    return count;
  }

  /** A number that reads back as the same one. */
  putDouble(x: f64): Out {
    if (!isFinite(x)) {
      this.notFinite = true;
      return this.put("null");
    }
    if (reinterpret<i64>(x) < 0) {
      this.byte(MINUS);
      x = -x;
    }
    if (x < 9007199254740992.0 && <f64>(<i64>x) == x) return this.putInt(<i64>x);
    const d = shortest(x), begin = this.size, count = this.digits(d.digits), point = count + d.exponent;
    if (point > 21 || point <= -6) {
      if (count > 1) this.insert(begin + 1, ".");
      return this.put(point > 0 ? "e+" : "e").putInt(point - 1);
    }
    if (point <= 0) {
      this.insert(begin, "0." + "0".repeat(-point));
    } else if (point < count) {
      this.insert(begin + point, ".");
    } else {
      this.put("0".repeat(point - count));
    }
    return this;
  }

  // insert puts ASCII before what is at that place.
  private insert(place: i32, s: string): void {
    while (this.room - this.size < s.length) this.grow(s.length);
    memory.copy(this.at + place + s.length, this.at + place, this.size - place);
    for (let i = 0; i < s.length; i++) store<u8>(this.at + place + i, s.charCodeAt(i));
    this.size += s.length;
  }

  /** What is written, as a call returns it. */
  packed(): u64 {
    return ((<u64>this.at) << 32) | (<u64>this.size);
  }

  toString(): string {
    return String.UTF8.decodeUnsafe(this.at, this.size);
  }
}
