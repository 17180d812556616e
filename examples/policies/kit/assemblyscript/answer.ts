// Answers: what a policy fills, and how it is written.
import { Config } from "./config";
import { Out } from "./json";
import { Setting } from "./request";

/** Answer is what every answer can be: an error, where code is not empty. */
export class Answer {
  code: string = "";
  message: string = "";

  fail(code: string, message: string): void {
    this.code = code;
    this.message = message;
  }

  // failed takes over the config's error, which comes before the policy's own.
  protected failed(config: Config): bool {
    if (config.error != "") this.fail("bad_settings", config.error);
    return this.code != "";
  }

  protected writeError(): u64 {
    const o = new Out();
    o.put('{"error":{"code":').putString(this.code).put(',"message":').putString(this.message).put("}}");
    return o.packed();
  }
}

/** Description is who the policy is. */
export class Description extends Answer {
  constructor(
    public name: string,
    public version: string,
  ) {
    super();
  }

  write(config: Config): u64 {
    if (this.code == "") config.close();
    if (this.failed(config)) return this.writeError();
    const o = new Out();
    return o.put('{"name":').putString(this.name).put(',"version":').putString(this.version).put("}").packed();
  }
}

/** Proposal is what to try next. */
export class Proposal extends Answer {
  candidates: Setting[] = [];
  note: string = "";
  state: string = "";

  /** Returns an empty setting to fill. A knob that is not set stays as the leader has it. */
  add(): Setting {
    const s = new Setting();
    this.candidates.push(s);
    return s;
  }

  write(config: Config): u64 {
    if (this.failed(config)) return this.writeError();
    const o = new Out();
    o.put('{"candidates":[');
    for (let i = 0; i < this.candidates.length; i++) {
      if (i > 0) o.put(",");
      putSetting(o, this.candidates[i]);
    }
    o.put("]");
    if (this.note != "") o.put(',"note":').putString(this.note);
    if (this.state != "") o.put(',"state":').putString(this.state);
    return o.put("}").packed();
  }
}

function putSetting(o: Out, s: Setting): void {
  o.put("{");
  for (let i = 0; i < s.knobs.length; i++) {
    if (i > 0) o.put(",");
    o.putString(s.knobs[i]).put(":");
    const v = s.values[i];
    if (v.name != "") o.putString(v.name);
    else o.putInt(v.number);
  }
  o.put("}");
}

/** Score is a candidate's number; stderr is the standard error of its ratio to the leader's, times value. */
export class Score {
  ties: f64[] = [];

  constructor(
    public id: i64,
    public value: f64,
    public stderr: f64,
  ) {}
}

export class Scores extends Answer {
  scores: Score[] = [];

  add(id: i64, value: f64, stderr: f64): Score {
    const s = new Score(id, value, stderr);
    this.scores.push(s);
    return s;
  }

  write(config: Config): u64 {
    if (this.failed(config)) return this.writeError();
    const o = new Out();
    o.put('{"scores":[');
    for (let i = 0; i < this.scores.length; i++) {
      const s = this.scores[i];
      if (i > 0) o.put(",");
      putScore(o, s);
      if (o.notFinite) {
        this.fail("bad_output", "the score of candidate " + s.id.toString() + " is not finite");
        return this.writeError();
      }
    }
    return o.put("]}").packed();
  }
}

function putScore(o: Out, s: Score): void {
  o.put('{"id":').putInt(s.id).put(',"value":').putDouble(s.value).put(',"stderr":').putDouble(s.stderr);
  for (let i = 0; i < s.ties.length; i++) o.put(i == 0 ? ',"ties":[' : ",").putDouble(s.ties[i]);
  o.put(s.ties.length == 0 ? "}" : "]}");
}
