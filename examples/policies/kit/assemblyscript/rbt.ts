// The kit to write a policy for rbt in AssemblyScript. A policy is a file such as
//
//     import { Config, describe, Proposal, propose, ProposeRequest } from "./rbt/rbt";
//     export { rbt_abi, rbt_alloc } from "./rbt/rbt";
//
//     export function rbt_describe(at: usize, size: usize): u64 {
//       return describe(at, size, "mine", "1.0.0", (c: Config) => { … });
//     }
//     export function rbt_propose(at: usize, size: usize): u64 {
//       return propose(at, size, (r: ProposeRequest, answer: Proposal) => { … });
//     }
//     export function rbt_score(at: usize, size: usize): u64 {
//       return score(at, size, (r: ScoreRequest, answer: Scores) => { … });
//     }
//
// and a half that it does not export is done by rbt's built-in policy. Each call
// is made in a fresh instance: nothing is ever freed, and no variable keeps its
// value.
import { Description, Proposal, Scores } from "./answer";
import { Config } from "./config";
import { Json, Reader } from "./json";
import { ProposeRequest, ScoreRequest } from "./request";

export { Answer, Proposal, Score, Scores } from "./answer";
export { compare, Ratio, tookCpu, tookSeconds } from "./compare";
export { Config } from "./config";
export { Json, Out, Reader } from "./json";
export {
  Count, Evidence, Facts, Knob, Left, Note, ProposeRequest, ScoreRequest, Setting, Value, Window,
} from "./request";

/** The version of the contract that this kit speaks: 1.0. */
export function rbt_abi(): i32 {
  return 1 << 16;
}

/** Makes room for a call's input. */
export function rbt_alloc(size: usize): usize {
  return heap.alloc(size);
}

/** Says who the policy is, and has it ask for all of its settings. */
export function describe(at: usize, size: usize, name: string, version: string, ask: (c: Config) => void): u64 {
  const r = new Reader(at, size), d = new Description(name, version);
  let json = new Json(), config = new Config();
  if (r.open()) while (r.next()) if (r.is("config")) json = r.json();
  if (r.ends()) {
    config = Config.of(json);
    ask(config);
  } else {
    d.fail("bad_input", r.mistake());
  }
  return d.write(config);
}

/** Has the policy answer a request for a proposal. */
export function propose(at: usize, size: usize, answer: (r: ProposeRequest, p: Proposal) => void): u64 {
  const r = new Reader(at, size), p = new Proposal(), request = ProposeRequest.read(r);
  if (r.ends()) {
    request.config = Config.of(request.raw_config);
    answer(request, p);
  } else {
    p.fail("bad_input", r.mistake());
  }
  return p.write(request.config);
}

/** Has the policy answer a request for scores. */
export function score(at: usize, size: usize, answer: (r: ScoreRequest, s: Scores) => void): u64 {
  const r = new Reader(at, size), s = new Scores(), request = ScoreRequest.read(r);
  if (r.ends()) {
    request.config = Config.of(request.raw_config);
    answer(request, s);
  } else {
    s.fail("bad_input", r.mistake());
  }
  return s.write(request.config);
}

/** How much a line of the log matters. */
export enum Level {
  Debug,
  Info,
  Warn,
  Error,
}

@external("rbt", "log")
declare function hostLog(level: i32, at: usize, size: usize): void;

/** Adds a line to rbt's log. */
export function log(level: Level, line: string): void {
  const text = String.UTF8.encode(line);
  hostLog(level, changetype<usize>(text), text.byteLength);
}
