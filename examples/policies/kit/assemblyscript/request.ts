// Requests, with the names of their fields as policy/wasm/ABI.md has them. What a
// request leaves out is 0 or empty.
import { Config } from "./config";
import { Json, Reader } from "./json";

/** Value is where a knob stands: a number, or one of an enum's names where name is not empty. */
export class Value {
  constructor(
    public number: i64 = 0,
    public name: string = "",
  ) {}

  static read(r: Reader): Value {
    return r.kind() == 0x22 ? new Value(0, r.text()) : new Value(r.int());
  }

  equals(v: Value): bool {
    return this.number == v.number && this.name == v.name;
  }
}

/** Setting is where knobs stand, in the order of the request. */
export class Setting {
  knobs: string[] = [];
  values: Value[] = [];

  /** Where a knob stands; null if the setting does not say. */
  get(knob: string): Value | null {
    const i = this.knobs.indexOf(knob);
    return i < 0 ? null : this.values[i];
  }

  set(knob: string, value: Value): Setting {
    const i = this.knobs.indexOf(knob);
    if (i >= 0) {
      this.values[i] = value;
    } else {
      this.knobs.push(knob);
      this.values.push(value);
    }
    return this;
  }

  setNumber(knob: string, number: i64): Setting {
    return this.set(knob, new Value(number));
  }

  setName(knob: string, name: string): Setting {
    return this.set(knob, new Value(0, name));
  }

  static read(r: Reader): Setting {
    const s = new Setting();
    if (r.open()) {
      while (r.moreNames()) {
        s.knobs.push(r.readName());
        s.values.push(Value.read(r));
      }
    }
    return s;
  }
}

/** Note is what is known under a name. */
export class Note {
  constructor(
    public name: string,
    public text: string,
  ) {}
}

/** Count is how often something happened. */
export class Count {
  constructor(
    public name: string,
    public count: i64,
  ) {}
}

/** Facts are what is known of a stream before its rows move; rows and bytes are -1 where there is no estimate. */
export class Facts {
  stream: string = "";
  rows: i64 = 0;
  bytes: i64 = 0;
  notes: Note[] = [];

  static read(r: Reader): Facts {
    const f = new Facts();
    if (r.open()) {
      while (r.next()) {
        if (r.is("stream")) f.stream = r.text();
        if (r.is("rows")) f.rows = r.int();
        if (r.is("bytes")) f.bytes = r.int();
        if (r.is("notes")) f.notes = Facts.readNotes(r);
      }
    }
    return f;
  }

  private static readNotes(r: Reader): Note[] {
    const list: Note[] = [];
    if (r.open()) while (r.moreNames()) list.push(new Note(r.readName(), r.text()));
    return list;
  }
}

/** Knob is what may be turned. kind is "int", "bytes" or "enum"; min and max are for numbers, values for enums. */
export class Knob {
  name: string = "";
  owner: string = "";
  kind: string = "";
  min: i64 = 0;
  max: i64 = 0;
  values: string[] = [];
  standard: Value = new Value(); // "default"
  doc: string = "";

  static read(r: Reader): Knob {
    const k = new Knob();
    if (r.open()) {
      while (r.next()) {
        if (r.is("name")) k.name = r.text();
        if (r.is("owner")) k.owner = r.text();
        if (r.is("kind")) k.kind = r.text();
        if (r.is("min")) k.min = r.int();
        if (r.is("max")) k.max = r.int();
        if (r.is("values")) k.values = readTexts(r);
        if (r.is("default")) k.standard = Value.read(r);
        if (r.is("doc")) k.doc = r.text();
      }
    }
    return k;
  }
}

// Most windows have none of these; they share them.
const noCounts: Count[] = [];
const noTexts: string[] = [];

export class Window {
  seq: i64 = 0;
  candidate: i64 = 0;
  start_secs: f64 = 0;
  seconds: f64 = 0;
  warmup_secs: f64 = 0;
  bytes: i64 = 0;
  rows: i64 = 0;
  moved_bytes: i64 = 0;
  moved_rows: i64 = 0;
  lanes: i64 = 0;
  source_wait_secs: f64 = 0;
  write_wait_secs: f64 = 0;
  dest_flush_secs: f64 = 0;
  flushes: i64 = 0;
  cpu_secs: f64 = 0;
  peak_memory_bytes: i64 = 0;
  retries: i64 = 0;
  errors: Count[] = noCounts;
  dest_wal_bytes: i64 = 0;
  dest_checkpoints: i64 = 0;
  round_trip_secs: f64 = 0;
  source_round_trip_secs: f64 = 0;
  missing: string[] = noTexts;
  masked: string = "";

  /** Says whether a metric, by its name in JSON, could not be read. */
  lacks(metric: string): bool {
    return this.missing.includes(metric);
  }

  static read(r: Reader): Window {
    const w = new Window();
    if (!r.open()) return w;
    while (r.next()) {
      if (r.is("seq")) w.seq = r.int();
      if (r.is("candidate")) w.candidate = r.int();
      if (r.is("start_secs")) w.start_secs = r.double();
      if (r.is("seconds")) w.seconds = r.double();
      if (r.is("warmup_secs")) w.warmup_secs = r.double();
      if (r.is("bytes")) w.bytes = r.int();
      if (r.is("rows")) w.rows = r.int();
      if (r.is("moved_bytes")) w.moved_bytes = r.int();
      if (r.is("moved_rows")) w.moved_rows = r.int();
      if (r.is("lanes")) w.lanes = r.int();
      if (r.is("source_wait_secs")) w.source_wait_secs = r.double();
      if (r.is("write_wait_secs")) w.write_wait_secs = r.double();
      if (r.is("dest_flush_secs")) w.dest_flush_secs = r.double();
      if (r.is("flushes")) w.flushes = r.int();
      if (r.is("cpu_secs")) w.cpu_secs = r.double();
      if (r.is("peak_memory_bytes")) w.peak_memory_bytes = r.int();
      if (r.is("retries")) w.retries = r.int();
      if (r.is("errors")) w.errors = Window.readErrors(r);
      if (r.is("dest_wal_bytes")) w.dest_wal_bytes = r.int();
      if (r.is("dest_checkpoints")) w.dest_checkpoints = r.int();
      if (r.is("round_trip_secs")) w.round_trip_secs = r.double();
      if (r.is("source_round_trip_secs")) w.source_round_trip_secs = r.double();
      if (r.is("missing")) w.missing = readTexts(r);
      if (r.is("masked")) w.masked = r.text();
    }
    return w;
  }

  private static readErrors(r: Reader): Count[] {
    const list: Count[] = [];
    if (r.open()) while (r.moreNames()) list.push(new Count(r.readName(), r.int()));
    return list;
  }
}

export class Evidence {
  id: i64 = 0;
  setting: Setting = new Setting();
  windows: Window[] = [];
  masked: i64 = 0;
  invalid: string = "";

  static read(r: Reader): Evidence {
    const e = new Evidence();
    if (!r.open()) return e;
    while (r.next()) {
      if (r.is("id")) e.id = r.int();
      if (r.is("setting")) e.setting = Setting.read(r);
      if (r.is("windows")) {
        e.windows = [];
        if (r.openList()) while (r.more()) e.windows.push(Window.read(r));
      }
      if (r.is("masked")) e.masked = r.int();
      if (r.is("invalid")) e.invalid = r.text();
    }
    return e;
  }
}

/** Left is what is left of the budget; rows is -1 without bound. */
export class Left {
  seconds: f64 = 0;
  rows: i64 = 0;

  static read(r: Reader): Left {
    const l = new Left();
    if (r.open()) {
      while (r.next()) {
        if (r.is("seconds")) l.seconds = r.double();
        if (r.is("rows")) l.rows = r.int();
      }
    }
    return l;
  }
}

export class ProposeRequest {
  facts: Facts = new Facts();
  knobs: Knob[] = [];
  pins: Setting = new Setting();
  baseline: Setting = new Setting();
  leader: Setting = new Setting();
  round: i64 = 0;
  evidence: Evidence[] = [];
  left: Left = new Left();
  state: string = "";
  raw_config: Json = new Json();
  config: Config = new Config();

  static read(r: Reader): ProposeRequest {
    const p = new ProposeRequest();
    if (!r.open()) return p;
    while (r.next()) {
      if (r.is("facts")) p.facts = Facts.read(r);
      if (r.is("knobs")) p.knobs = readKnobs(r);
      if (r.is("pins")) p.pins = Setting.read(r);
      if (r.is("baseline")) p.baseline = Setting.read(r);
      if (r.is("leader")) p.leader = Setting.read(r);
      if (r.is("round")) p.round = r.int();
      if (r.is("evidence")) p.evidence = readEvidence(r);
      if (r.is("left")) p.left = Left.read(r);
      if (r.is("state")) p.state = r.text();
      if (r.is("config")) p.raw_config = r.json();
    }
    return p;
  }
}

export class ScoreRequest {
  facts: Facts = new Facts();
  knobs: Knob[] = [];
  baseline: i64 = 0; // an id in evidence
  leader: i64 = 0; // an id in evidence
  evidence: Evidence[] = [];
  raw_config: Json = new Json();
  config: Config = new Config();

  static read(r: Reader): ScoreRequest {
    const s = new ScoreRequest();
    if (!r.open()) return s;
    while (r.next()) {
      if (r.is("facts")) s.facts = Facts.read(r);
      if (r.is("knobs")) s.knobs = readKnobs(r);
      if (r.is("baseline")) s.baseline = r.int();
      if (r.is("leader")) s.leader = r.int();
      if (r.is("evidence")) s.evidence = readEvidence(r);
      if (r.is("config")) s.raw_config = r.json();
    }
    return s;
  }
}

function readTexts(r: Reader): string[] {
  const list: string[] = [];
  if (r.openList()) while (r.more()) list.push(r.text());
  return list;
}

function readKnobs(r: Reader): Knob[] {
  const list: Knob[] = [];
  if (r.openList()) while (r.more()) list.push(Knob.read(r));
  return list;
}

function readEvidence(r: Reader): Evidence[] {
  const list: Evidence[] = [];
  if (r.openList()) while (r.more()) list.push(Evidence.read(r));
  return list;
}
