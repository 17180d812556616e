package guest

import "github.com/rapidbyte/rbt/policy"

// What a host asks, by the names of its JSON. What has another name is passed
// over: a later host may say more.

func readProposeRequest(input []byte) (q policy.ProposeRequest, err error) {
	r := &reader{in: input}
	if r.open('{') {
		for r.field() {
			switch string(r.name) {
			case "facts":
				q.Facts = r.facts()
			case "knobs":
				q.Knobs = list(r, (*reader).knob)
			case "pins":
				q.Pins = r.setting()
			case "baseline":
				q.Baseline = r.setting()
			case "leader":
				q.Leader = r.setting()
			case "round":
				q.Round = r.count()
			case "evidence":
				q.Evidence = list(r, (*reader).evidence)
			case "left":
				q.Left = r.left()
			case "state":
				q.State = r.text()
			case "config":
				q.Config = r.raw()
			default:
				r.skip()
			}
		}
	}
	return q, r.err
}

func readScoreRequest(input []byte) (q policy.ScoreRequest, err error) {
	r := &reader{in: input}
	if r.open('{') {
		for r.field() {
			switch string(r.name) {
			case "facts":
				q.Facts = r.facts()
			case "knobs":
				q.Knobs = list(r, (*reader).knob)
			case "baseline":
				q.Baseline = r.count()
			case "leader":
				q.Leader = r.count()
			case "evidence":
				q.Evidence = list(r, (*reader).evidence)
			case "config":
				q.Config = r.raw()
			default:
				r.skip()
			}
		}
	}
	return q, r.err
}

// list reads a list; null is nil.
func list[T any](r *reader, one func(*reader) T) []T {
	if !r.open('[') {
		return nil
	}
	all := []T{}
	for r.element(']') {
		all = append(all, one(r))
	}
	return all
}

// table reads an object whose names are not known; null is nil.
func table[T any](r *reader, one func(*reader) T) map[string]T {
	if !r.open('{') {
		return nil
	}
	all := map[string]T{}
	for r.field() {
		name := string(r.name)
		all[name] = one(r)
	}
	return all
}

func (r *reader) count() int { return int(r.integer()) }

func (r *reader) setting() policy.Setting { return table(r, (*reader).value) }

func (r *reader) value() policy.Value {
	if r.next() == '"' {
		return policy.EnumValue(r.text())
	}
	return policy.IntValue(r.integer())
}

func (r *reader) facts() (f policy.Facts) {
	if r.open('{') {
		for r.field() {
			switch string(r.name) {
			case "stream":
				f.Stream = r.text()
			case "rows":
				f.Rows = r.integer()
			case "bytes":
				f.Bytes = r.integer()
			case "notes":
				f.Notes = table(r, (*reader).text)
			default:
				r.skip()
			}
		}
	}
	return f
}

func (r *reader) left() (l policy.Left) {
	if r.open('{') {
		for r.field() {
			switch string(r.name) {
			case "seconds":
				l.Seconds = r.float()
			case "rows":
				l.Rows = r.integer()
			default:
				r.skip()
			}
		}
	}
	return l
}

func (r *reader) knob() (k policy.Knob) {
	if r.open('{') {
		for r.field() {
			switch string(r.name) {
			case "name":
				k.Name = r.text()
			case "owner":
				k.Owner = policy.Owner(r.text())
			case "kind":
				if k.Kind.UnmarshalText(r.quoted()) != nil {
					r.fail("a kind of knob")
				}
			case "min":
				k.Min = r.integer()
			case "max":
				k.Max = r.integer()
			case "values":
				k.Values = list(r, (*reader).text)
			case "default":
				k.Default = r.value()
			case "doc":
				k.Doc = r.text()
			default:
				r.skip()
			}
		}
	}
	return k
}

func (r *reader) evidence() (e policy.Evidence) {
	if r.open('{') {
		for r.field() {
			switch string(r.name) {
			case "id":
				e.ID = r.count()
			case "setting":
				e.Setting = r.setting()
			case "windows":
				e.Windows = list(r, (*reader).window)
			case "masked":
				e.Masked = r.count()
			case "invalid":
				e.Invalid = r.text()
			default:
				r.skip()
			}
		}
	}
	return e
}

func (r *reader) window() (w policy.Window) {
	if r.open('{') {
		for r.field() {
			r.metric(&w)
		}
	}
	return w
}

// metric reads one field of a window.
func (r *reader) metric(w *policy.Window) {
	switch string(r.name) {
	case "seq":
		w.Seq = r.count()
	case "candidate":
		w.Candidate = r.count()
	case "start_secs":
		w.Start = r.float()
	case "seconds":
		w.Seconds = r.float()
	case "warmup_secs":
		w.WarmUp = r.float()
	case "bytes":
		w.Bytes = r.integer()
	case "rows":
		w.Rows = r.integer()
	case "moved_bytes":
		w.MovedBytes = r.integer()
	case "moved_rows":
		w.MovedRows = r.integer()
	case "lanes":
		w.Lanes = r.count()
	case "source_wait_secs":
		w.SourceWait = r.float()
	case "write_wait_secs":
		w.WriteWait = r.float()
	case "dest_flush_secs":
		w.FlushWait = r.float()
	case "flushes":
		w.Flushes = r.integer()
	case "cpu_secs":
		w.CPU = r.float()
	case "peak_memory_bytes":
		w.PeakMemory = r.integer()
	case "retries":
		w.Retries = r.count()
	case "errors":
		w.Errors = table(r, (*reader).count)
	case "dest_wal_bytes":
		w.WALBytes = r.integer()
	case "dest_checkpoints":
		w.Checkpoints = r.integer()
	case "round_trip_secs":
		w.RoundTrip = r.float()
	case "source_round_trip_secs":
		w.SourceRoundTrip = r.float()
	case "missing":
		w.Missing = list(r, (*reader).text)
	case "masked":
		w.Masked = r.text()
	default:
		r.skip()
	}
}
