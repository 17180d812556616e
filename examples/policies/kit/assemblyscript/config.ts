// The config of the pipeline file: what a policy asks for, and what is wrong
// with it.
import { Json, Out } from "./json";

/**
 * Config is the policy's own part of a pipeline file. Its methods return the
 * setting of that name, or what it is otherwise. One that is something else
 * refuses the config. Whatever describe has not asked for is no setting of the
 * policy, and refuses the config as well.
 */
export class Config {
  error: string = ""; // the first

  private names: string[] = [];
  private values: Json[] = [];
  private asked: string[] = [];

  /** A config whose JSON is empty has no settings. */
  static of(json: Json): Config {
    const c = new Config(), r = json.reader();
    if (json.size == 0) return c;
    if (r.kind() != 0x7b) {
      c.refuse("the config must be an object");
      return c;
    }
    r.open();
    while (r.moreNames()) {
      c.names.push(r.readName());
      c.values.push(r.json());
    }
    return c;
  }

  /** Refuses it for a reason of the policy's own. */
  refuse(why: string): void {
    if (this.error == "") this.error = why;
  }

  /** The setting as JSON; null if there is none. */
  json(name: string): Json | null {
    if (!this.asked.includes(name)) this.asked.push(name);
    const i = this.names.lastIndexOf(name);
    return i < 0 ? null : this.values[i];
  }

  number(name: string, otherwise: f64, least: f64, most: f64): f64 {
    const json = this.json(name);
    if (json === null) return otherwise;
    const r = json.reader(), x = r.double();
    if (r.error === null && x >= least && x <= most) return x;
    const range = new Out().putDouble(least).put(" to ").putDouble(most).toString();
    this.mistaken(name, "a number from " + range, json);
    return otherwise;
  }

  bool(name: string, otherwise: bool): bool {
    const json = this.json(name);
    if (json === null) return otherwise;
    const r = json.reader(), b = r.bool();
    if (r.error === null) return b;
    this.mistaken(name, "true or false", json);
    return otherwise;
  }

  text(name: string, otherwise: string): string {
    const json = this.json(name);
    if (json === null) return otherwise;
    const r = json.reader(), t = r.text();
    if (r.error === null) return t;
    this.mistaken(name, "a string", json);
    return otherwise;
  }

  // mistaken refuses a setting that is not what it must be. It shows at most 40
  // bytes of it, cut between two characters.
  private mistaken(name: string, mustBe: string, json: Json): void {
    let size: usize = json.size;
    if (size > 40) for (size = 40; (load<u8>(json.at + size) & 0xc0) == 0x80; size--) continue;
    const shown = new Json(json.at, size).toString() + (size < json.size ? "…" : "");
    this.refuse(name + ": must be " + mustBe + ", not " + shown);
  }

  /** Refuses what the policy has not asked for. */
  close(): void {
    for (let i = 0; i < this.names.length; i++) {
      if (this.asked.includes(this.names[i])) continue;
      const known = this.asked.length == 0 ? "this policy has none" : "there is " + this.asked.join(", ");
      this.refuse("there is no setting " + new Out().putString(this.names[i]).toString() + ": " + known);
    }
  }
}
