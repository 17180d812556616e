// A policy that answers each request with what it has read of it, as the message
// of an error: for the tests of the kit.
import * as rbt from "../rbt";
export { rbt_abi, rbt_alloc } from "../rbt";

export function rbt_describe(at: usize, size: usize): u64 {
  return rbt.describe(at, size, "mirror", "1.0.0", (c: rbt.Config) => {
    c.number("number", 0, -5, 5);
    c.bool("bool", false);
    c.text("text", "");
  });
}

export function rbt_propose(at: usize, size: usize): u64 {
  return rbt.propose(at, size, (r: rbt.ProposeRequest, p: rbt.Proposal) => {
    o.put("{");
    facts(r.facts);
    knobs(r.knobs);
    setting("pins", r.pins);
    setting("baseline", r.baseline);
    setting("leader", r.leader);
    whole("round", r.round);
    evidence(r.evidence);
    o.put(',"left":{"seconds":').putDouble(r.left.seconds).put(',"rows":').putInt(r.left.rows).put("}");
    text("state", r.state);
    config(r.raw_config);
    p.fail("mirror", o.put("}").toString());
  });
}

export function rbt_score(at: usize, size: usize): u64 {
  return rbt.score(at, size, (r: rbt.ScoreRequest, s: rbt.Scores) => {
    o.put("{");
    facts(r.facts);
    knobs(r.knobs);
    whole("baseline", r.baseline);
    whole("leader", r.leader);
    evidence(r.evidence);
    config(r.raw_config);
    s.fail("mirror", o.put("}").toString());
  });
}

const o = new rbt.Out();
let first = true; // of an object

function key(name: string): void {
  if (!first) o.put(",");
  first = false;
  o.putString(name).put(":");
}

function text(name: string, t: string): void {
  key(name);
  o.putString(t);
}

function whole(name: string, n: i64): void {
  key(name);
  o.putInt(n);
}

function number(name: string, x: f64): void {
  key(name);
  o.putDouble(x);
}

function value(v: rbt.Value): void {
  if (v.name != "") o.putString(v.name);
  else o.putInt(v.number);
}

function setting(name: string, s: rbt.Setting): void {
  key(name);
  o.put("{");
  for (let i = 0; i < s.knobs.length; i++) {
    if (i > 0) o.put(",");
    o.putString(s.knobs[i]).put(":");
    value(s.values[i]);
  }
  o.put("}");
}

function texts(name: string, list: string[]): void {
  key(name);
  o.put("[");
  for (let i = 0; i < list.length; i++) {
    if (i > 0) o.put(",");
    o.putString(list[i]);
  }
  o.put("]");
}

function facts(f: rbt.Facts): void {
  key("facts");
  o.put("{");
  first = true;
  text("stream", f.stream);
  whole("rows", f.rows);
  whole("bytes", f.bytes);
  key("notes");
  o.put("{");
  for (let i = 0; i < f.notes.length; i++) {
    if (i > 0) o.put(",");
    o.putString(f.notes[i].name).put(":").putString(f.notes[i].text);
  }
  o.put("}}");
}

function knobs(list: rbt.Knob[]): void {
  key("knobs");
  o.put("[");
  for (let i = 0; i < list.length; i++) {
    const k = list[i];
    o.put(i == 0 ? "{" : ",{");
    first = true;
    text("name", k.name);
    text("owner", k.owner);
    text("kind", k.kind);
    whole("min", k.min);
    whole("max", k.max);
    texts("values", k.values);
    key("default");
    value(k.standard);
    text("doc", k.doc);
    o.put("}");
  }
  o.put("]");
}

function window(w: rbt.Window): void {
  o.put("{");
  first = true;
  whole("seq", w.seq);
  whole("candidate", w.candidate);
  number("start_secs", w.start_secs);
  number("seconds", w.seconds);
  number("warmup_secs", w.warmup_secs);
  whole("bytes", w.bytes);
  whole("rows", w.rows);
  whole("moved_bytes", w.moved_bytes);
  whole("moved_rows", w.moved_rows);
  whole("lanes", w.lanes);
  number("source_wait_secs", w.source_wait_secs);
  number("write_wait_secs", w.write_wait_secs);
  number("dest_flush_secs", w.dest_flush_secs);
  whole("flushes", w.flushes);
  number("cpu_secs", w.cpu_secs);
  whole("peak_memory_bytes", w.peak_memory_bytes);
  whole("retries", w.retries);
  key("errors");
  o.put("{");
  for (let i = 0; i < w.errors.length; i++) {
    if (i > 0) o.put(",");
    o.putString(w.errors[i].name).put(":").putInt(w.errors[i].count);
  }
  o.put("}");
  whole("dest_wal_bytes", w.dest_wal_bytes);
  whole("dest_checkpoints", w.dest_checkpoints);
  number("round_trip_secs", w.round_trip_secs);
  number("source_round_trip_secs", w.source_round_trip_secs);
  texts("missing", w.missing);
  text("masked", w.masked);
  o.put("}");
}

function evidence(list: rbt.Evidence[]): void {
  key("evidence");
  o.put("[");
  for (let i = 0; i < list.length; i++) {
    const e = list[i];
    o.put(i == 0 ? "{" : ",{");
    first = true;
    whole("id", e.id);
    setting("setting", e.setting);
    key("windows");
    o.put("[");
    for (let j = 0; j < e.windows.length; j++) {
      if (j > 0) o.put(",");
      window(e.windows[j]);
    }
    o.put("]");
    whole("masked", e.masked);
    text("invalid", e.invalid);
    o.put("}");
  }
  o.put("]");
}

function config(json: rbt.Json): void {
  if (json.size == 0) return;
  key("config");
  o.putJson(json);
}
