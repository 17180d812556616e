// Comparing candidates, as the built-in policy does: policy/builtin/compare.go
// says why.
import { Evidence, Setting, Window } from "./request";

export function tookSeconds(w: Window): f64 {
  return w.seconds;
}

/** 0 where it is not known. */
export function tookCpu(w: Window): f64 {
  return w.lacks("cpu_secs") ? 0 : w.cpu_secs;
}

/**
 * Ratio is the natural logarithm of what a candidate is worth over the leader,
 * and its standard error.
 */
export class Ratio {
  log: f64 = 0;
  error: f64 = 0;
}

const PRIOR_NOISE: f64 = 0.08;
const PRIOR_WINDOWS: f64 = 4;
const REACH: i64 = 4;
const ONE_SIDED: f64 = 0.75;
const SHARED: f64 = 1.15;
const UNPAIRED: f64 = 0.01;

// Measured is what a window of a candidate is compared by. owner is an index of the
// evidence.
class Measured {
  bytes: f64 = 0;
  rows: f64 = 0;
  took: f64 = 0;

  constructor(
    public owner: i32,
    public format: string,
    public seq: i64 = 0,
  ) {}

  // over is the log of what it is worth over other: of bytes, but of rows between
  // two formats, which need a different number of bytes for a row.
  over(other: Measured): f64 {
    let work = this.bytes / other.bytes;
    if (this.rows > 0 && other.rows > 0 && this.format != other.format) work = this.rows / other.rows;
    return Math.log(work) - Math.log(this.took / other.took);
  }

  add(w: Measured): void {
    this.bytes += w.bytes;
    this.rows += w.rows;
    this.took += w.took;
  }
}

// Pair says that one window of candidate a was log above its neighbours of
// candidate b.
class Pair {
  constructor(
    public a: i32,
    public b: i32,
    public log: f64,
    public weight: f64,
  ) {}
}

function formatOf(s: Setting): string {
  const v = s.get("copy_format");
  return v === null ? "" : v.name;
}

// inTurn lists all windows with a rate, in the order in which they ran.
function inTurn(evidence: Evidence[], took: (w: Window) => f64): Measured[] {
  const ran: Measured[] = [];
  for (let i = 0; i < evidence.length; i++) {
    const windows = evidence[i].windows, format = formatOf(evidence[i].setting);
    for (let j = 0; j < windows.length; j++) {
      const w = windows[j], m = new Measured(i, format, w.seq);
      m.bytes = <f64>w.bytes;
      m.rows = <f64>w.rows;
      m.took = took(w);
      const rate = m.bytes / m.took;
      if (m.took > 0 && rate > 0 && isFinite(rate)) ran.push(m);
    }
  }
  return sorted(ran);
}

// sorted sorts by seq, after Shell.
function sorted(list: Measured[]): Measured[] {
  for (let gap = 301; gap > 0; gap = (gap * 3) / 7) {
    for (let i = gap; i < list.length; i++) {
      const m = unchecked(list[i]);
      let j = i;
      for (; j >= gap && unchecked(list[j - gap]).seq > m.seq; j -= gap) unchecked((list[j] = list[j - gap]));
      unchecked((list[j] = m));
    }
  }
  return list;
}

// challenges says whether the window at a was a challenge to the one at b: they
// are neighbours, and b is of the leader, or else of an older candidate.
function challenges(ran: Measured[], a: i32, b: i32, evidence: Evidence[], leader: i32): bool {
  if (b < 0 || b >= ran.length) return false;
  const apart = ran[a].seq - ran[b].seq, x = ran[a].owner, y = ran[b].owner;
  return (
    apart >= -REACH && apart <= REACH && x != y && x != leader && (y == leader || evidence[y].id < evidence[x].id)
  );
}

function neighbours(ran: Measured[], evidence: Evidence[], leader: i32): Pair[] {
  const pairs: Pair[] = [];
  for (let i = 0; i < ran.length; i++) {
    const before = challenges(ran, i, i - 1, evidence, leader);
    const after = challenges(ran, i, i + 1, evidence, leader);
    const w = ran[i];
    if (before && after && ran[i - 1].owner == ran[i + 1].owner) {
      pairs.push(new Pair(w.owner, ran[i - 1].owner, (w.over(ran[i - 1]) + w.over(ran[i + 1])) / 2, 1));
      continue;
    }
    if (before) pairs.push(new Pair(w.owner, ran[i - 1].owner, w.over(ran[i - 1]), ONE_SIDED));
    if (after) pairs.push(new Pair(w.owner, ran[i + 1].owner, w.over(ran[i + 1]), ONE_SIDED));
  }
  return pairs;
}

// eliminate turns the lower half of the n × n matrix m, which is symmetric and
// positive definite, into pivots on the diagonal, and does to right and to the
// lower half of the unit matrix, unit, what that takes.
function eliminate(m: StaticArray<f64>, unit: StaticArray<f64>, right: StaticArray<f64>, n: i32): void {
  for (let i = 0; i < n; i++) {
    unit[i * n + i] = 1;
    for (let j = i + 1; j < n; j++) {
      const row = j * n, factor = unchecked(m[row + i]) / unchecked(m[i * n + i]);
      if (factor == 0) continue;
      for (let k = i + 1; k <= j; k++) unchecked((m[row + k] = m[row + k] - factor * m[k * n + i]));
      for (let k = 0; k <= i; k++) unchecked((unit[row + k] = unit[row + k] - factor * unit[i * n + k]));
      unchecked((right[j] = right[j] - factor * right[i]));
    }
  }
}

// solve finds the logs that agree best with all pairs, by least squares, where
// the leader's is 0. The error of each is that for pairs whose error is 1.
function solve(pairs: Pair[], n: i32, leader: i32): Ratio[] {
  const m = new StaticArray<f64>(n * n), unit = new StaticArray<f64>(n * n), right = new StaticArray<f64>(n);
  for (let i = 0; i < pairs.length; i++) {
    const p = pairs[i];
    m[p.a * n + p.a] += p.weight;
    m[p.b * n + p.b] += p.weight;
    m[p.a * n + p.b] -= p.weight;
    m[p.b * n + p.a] -= p.weight;
    right[p.a] += p.weight * p.log;
    right[p.b] -= p.weight * p.log;
  }
  for (let i = 0; i < n; i++) m[leader * n + i] = m[i * n + leader] = 0;
  m[leader * n + leader] = 1;
  right[leader] = 0;
  eliminate(m, unit, right, n);
  const out: Ratio[] = [];
  for (let i = 0; i < n; i++) {
    const r = new Ratio();
    let variance: f64 = 0;
    for (let k = i; k < n; k++) {
      const x = unit[k * n + i] / m[k * n + k];
      variance += unit[k * n + i] * x;
      r.log += right[k] * x;
    }
    r.error = i == leader ? 0 : Math.sqrt(variance);
    out.push(r);
  }
  return out;
}

// noise is the standard deviation of a pair of weight 1: what pairs differ from
// the ratios that they led to, and what is believed before any was seen.
function noise(pairs: Pair[], ratios: Ratio[]): f64 {
  let sum = PRIOR_WINDOWS * PRIOR_NOISE * PRIOR_NOISE, freedom = PRIOR_WINDOWS - <f64>(ratios.length - 1);
  for (let i = 0; i < pairs.length; i++) {
    const p = pairs[i];
    if (p.weight == UNPAIRED) continue;
    const off = p.log - (ratios[p.a].log - ratios[p.b].log);
    sum += p.weight * off * off;
    freedom++;
  }
  return Math.sqrt(sum / max(freedom, PRIOR_WINDOWS));
}

/**
 * Compares every candidate with the one of that id as the built-in policy does:
 * by the bytes of windows that ran one after the other, over what they took, for
 * instance their seconds. Throughput drifts; that cancels out. A window that took
 * 0 or less counts for nothing. There is a ratio for each of the evidence.
 */
export function compare(evidence: Evidence[], leader: i64, took: (w: Window) => f64): Ratio[] {
  const n = evidence.length, totals: Measured[] = [];
  if (n == 0) return [];
  let at = 0;
  for (let i = 0; i < n; i++) {
    if (evidence[i].id == leader) at = i;
    totals.push(new Measured(i, formatOf(evidence[i].setting)));
  }
  const ran = inTurn(evidence, took), pairs = neighbours(ran, evidence, at);
  for (let i = 0; i < ran.length; i++) totals[ran[i].owner].add(ran[i]);
  for (let i = 0; i < n; i++) {
    if (i == at) continue;
    const both = totals[i].bytes > 0 && totals[at].bytes > 0; // as if they had run side by side
    pairs.push(new Pair(i, at, both ? totals[i].over(totals[at]) : 0, UNPAIRED));
  }
  const ratios = solve(pairs, n, at), deviation = SHARED * noise(pairs, ratios);
  for (let i = 0; i < n; i++) ratios[i].error *= deviation;
  return ratios;
}
