package probe

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rapidbyte/rbt/policy"
)

// guard makes settings that may be run of what a policy proposed, and notes
// what it changed.
type guard struct {
	knobs  map[string]policy.Knob
	pins   policy.Setting
	guards Guards
	base   policy.Setting // has every knob that is a choice for the stream

	clamps []policy.Clamp // all that differ, at most maxClamps
	told   int            // how many of them the loop has fetched
}

func newGuard(s Spec) guard {
	g := guard{knobs: map[string]policy.Knob{}, pins: s.Pins, guards: s.Guards, base: s.Baseline}
	for _, k := range s.Knobs {
		g.knobs[k.Name] = k
	}
	return g
}

// admit completes each proposed setting from the leader's and clamps it.
// refused says that not one of them had a single value that could be used.
func (g *guard) admit(proposed []policy.Setting, leader policy.Setting) (allowed []policy.Setting, refused bool) {
	if n := len(proposed); n > maxCandidates {
		g.note("candidates", fmt.Sprint(n), fmt.Sprint(maxCandidates), "the most of a round")
		proposed = proposed[:maxCandidates]
	}
	usable := 0
	for _, p := range proposed {
		set := maps.Clone(leader)
		good := len(p) == 0
		for _, name := range p.Names() {
			v, ok := g.value(name, p[name], leader[name])
			if ok {
				set[name], good = v, true
			}
		}
		if good {
			usable++
		}
		allowed = append(allowed, set)
	}
	return allowed, len(proposed) > 0 && usable == 0
}

// value clamps one knob. It is not ok if the knob stays as the leader has it,
// because there is no legal value near what was proposed.
func (g *guard) value(name string, v, leader policy.Value) (policy.Value, bool) {
	k, known := g.knobs[name]
	if _, choice := g.base[name]; !known || !choice {
		g.note(name, k.Format(v), "nothing", "not a knob of this stream")
		return v, false
	}
	if pin, pinned := g.pins[name]; pinned {
		if v != pin {
			g.note(name, k.Format(v), k.Format(pin), "pinned")
		}
		return pin, v == pin
	}
	if k.Check(v) == nil {
		return v, true
	}
	if k.Kind == policy.Enum || v.Name != "" {
		g.note(name, k.Format(v), k.Format(leader), g.whyNot(k, v))
		return leader, false
	}
	to := policy.IntValue(min(max(v.Int, k.Min), k.Max))
	g.note(name, k.Format(v), k.Format(to), g.bound(k, v))
	return to, true
}

// bound says which bound v is beyond.
func (g *guard) bound(k policy.Knob, v policy.Value) string {
	if v.Int < k.Min {
		return "at least " + k.Format(policy.IntValue(k.Min))
	}
	if from := g.guards.Bounds[k.Name]; from != "" {
		return from
	}
	return "at most " + k.Format(policy.IntValue(k.Max))
}

// whyNot says what is in the way of a value.
func (g *guard) whyNot(k policy.Knob, v policy.Value) string {
	if why := g.guards.WhyNot[k.Name][v.Name]; why != "" {
		return why
	}
	if k.Kind == policy.Enum {
		return "not one of " + strings.Join(k.Values, ", ")
	}
	return "not a number"
}

// note keeps a clamp. A policy that repeats itself is told once.
func (g *guard) note(knob, proposed, allowed, bound string) {
	c := policy.Clamp{Knob: short(knob), Proposed: short(proposed), Allowed: allowed, Bound: bound}
	if len(g.clamps) < maxClamps && !slices.Contains(g.clamps, c) {
		g.clamps = append(g.clamps, c)
	}
}

// fresh returns the clamps since the last call.
func (g *guard) fresh() []policy.Clamp {
	news := g.clamps[g.told:]
	g.told = len(g.clamps)
	return slices.Clip(news)
}

// short keeps a policy's words from filling the trace.
func short(text string) string {
	const most = 40
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}
