// steady prefers settings whose rate does not vary: README.md says more.
import {
  compare, Config, describe, Evidence, score, ScoreRequest, Scores, tookSeconds, Window,
} from "../kit/assemblyscript/rbt";
export { rbt_abi, rbt_alloc } from "../kit/assemblyscript/rbt";

// weightOf is how much a varying rate counts against a setting.
function weightOf(c: Config): f64 {
  return c.number("weight", 1, 0, 100);
}

export function rbt_describe(at: usize, size: usize): u64 {
  return describe(at, size, "steady", "1.0.0", (c: Config) => {
    weightOf(c);
  });
}

export function rbt_score(at: usize, size: usize): u64 {
  return score(at, size, decide);
}

// PRIOR is what is believed of the coefficient of variation before any was seen,
// and PRIOR_STEPS with the weight of how many steps from a window to the next.
const PRIOR: f64 = 0.08;
const PRIOR_STEPS: f64 = 4;

// REACH is how many windows, by seq, two of one candidate may be apart: over more
// of them throughput drifts, whatever the setting.
const REACH: i64 = 8;

// Variation is how much the rate of a candidate varies from window to window.
class Variation {
  squares: f64 = 0; // of the steps between their logarithms, halved
  steps: f64 = 0;
  cv: f64 = 0; // the coefficient of variation, and its standard error
  error: f64 = 0;

  constructor(windows: Window[]) {
    let before: Window | null = null;
    for (let i = 0; i < windows.length; i++) {
      const w = windows[i];
      if (!(rate(w) > 0) || !isFinite(rate(w))) continue;
      if (before !== null && w.seq - before.seq <= REACH) {
        const step = Math.log(rate(w) / rate(before));
        this.squares += (step * step) / 2;
        this.steps++;
      }
      before = w;
    }
  }

  // settle estimates the variation: that of all candidates is what is believed of
  // each, since few windows alone say little.
  settle(common: f64): void {
    const weight = PRIOR_STEPS + this.steps;
    this.cv = Math.sqrt((PRIOR_STEPS * common * common + this.squares) / weight);
    this.error = this.cv / Math.sqrt(2 * weight);
  }
}

function rate(w: Window): f64 {
  return <f64>w.bytes / w.seconds;
}

// variations are those of all candidates.
function variations(evidence: Evidence[]): Variation[] {
  const list: Variation[] = [];
  let squares = PRIOR_STEPS * PRIOR * PRIOR, steps = PRIOR_STEPS;
  for (let i = 0; i < evidence.length; i++) {
    const v = new Variation(evidence[i].windows);
    squares += v.squares;
    steps += v.steps;
    list.push(v);
  }
  for (let i = 0; i < list.length; i++) list[i].settle(Math.sqrt(squares / steps));
  return list;
}

// meanRate is the leader's, in which scores are told. It cancels out of every
// comparison.
function meanRate(e: Evidence): f64 {
  let bytes: f64 = 0, seconds: f64 = 0;
  for (let i = 0; i < e.windows.length; i++) {
    const w = e.windows[i];
    if (!(rate(w) > 0) || !isFinite(rate(w))) continue;
    bytes += <f64>w.bytes;
    seconds += w.seconds;
  }
  return bytes > 0 ? bytes / seconds : 1;
}

// decide gives each candidate its rate, over 1 + weight times what it varies by.
function decide(r: ScoreRequest, answer: Scores): void {
  const ratios = compare(r.evidence, r.leader, tookSeconds), all = variations(r.evidence);
  const weight = weightOf(r.config);
  let leader = 0;
  for (let i = 0; i < r.evidence.length; i++) if (r.evidence[i].id == r.leader) leader = i;
  for (let i = 0; i < r.evidence.length; i++) {
    const mean = meanRate(r.evidence[leader]) * Math.exp(clamp(ratios[i].log, 300));
    const value = mean / (1 + weight * all[i].cv);
    const varies = i == leader ? 0 : Math.hypot(doubt(all[i], weight), doubt(all[leader], weight));
    answer.add(r.evidence[i].id, value, value * Math.hypot(ratios[i].error, varies)).ties.push(-all[i].cv);
  }
}

// doubt is the standard error of a discount, as a fraction of it.
function doubt(v: Variation, weight: f64): f64 {
  return (weight * v.error) / (1 + weight * v.cv);
}

function clamp(x: f64, most: f64): f64 {
  return min(max(x, -most), most);
}
