package builtin

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rapidbyte/rbt/policy"
)

// flushPays is the least share of the lanes' time that they must wait for
// flushes, for another flush size to be tried. Twice the size halves the number
// of flushes, so it saves half of that share at most: below this, less than 4 %,
// which is less than short windows can tell from nothing.
const flushPays = 0.08

// propose tries one knob a round, around the leader: each value of its
// candidate set that has not been tried, then, as long as the best is at the
// edge, one step further. When all knobs are through it proposes nothing.
func propose(r policy.ProposeRequest) policy.Proposal {
	for _, k := range inOrder(r.Knobs) {
		values := next(k, r)
		if k.Name == knobFlush {
			values = worthwhile(values, r)
		}
		if len(values) == 0 {
			continue
		}
		return policy.Proposal{Candidates: settings(k, values), Note: note(k, r, values)}
	}
	return policy.Proposal{}
}

// next are the values of k that are worth a try now.
func next(k policy.Knob, r policy.ProposeRequest) []policy.Value {
	at, ok := r.Leader[k.Name]
	if !ok {
		return nil
	}
	tried := triedValues(k, r)
	values := Candidates(k, at)
	if len(tried) > 1 {
		if at == r.Baseline[k.Name] {
			return nil
		}
		values = Further(k, at, tried)
	}
	return slices.DeleteFunc(values, func(v policy.Value) bool { return slices.Contains(tried, v) })
}

// triedValues are the values of k that any candidate has.
func triedValues(k policy.Knob, r policy.ProposeRequest) []policy.Value {
	tried := []policy.Value{r.Baseline[k.Name]}
	for _, e := range r.Evidence {
		if v, ok := e.Setting[k.Name]; ok && !slices.Contains(tried, v) {
			tried = append(tried, v)
		}
	}
	return tried
}

// inOrder sorts the knobs as order says.
func inOrder(knobs []policy.Knob) []policy.Knob {
	rank := func(k policy.Knob) int {
		if i := slices.Index(order(), k.Name); i >= 0 {
			return i
		}
		return len(order())
	}
	sorted := slices.Clone(knobs)
	slices.SortStableFunc(sorted, func(a, b policy.Knob) int { return rank(a) - rank(b) })
	return sorted
}

// worthwhile leaves out flush sizes that cannot pay under the leader: all where
// the lanes hardly wait for flushes, else those that would have them wait more
// often. Where it is not known how long they wait, every size may pay.
func worthwhile(values []policy.Value, r policy.ProposeRequest) []policy.Value {
	share, ok := flushShare(evidenceOf(r.Leader, r))
	if !ok {
		return values
	}
	return slices.DeleteFunc(values, func(v policy.Value) bool {
		return share < flushPays || v.Int < r.Leader[knobFlush].Int
	})
}

func evidenceOf(s policy.Setting, r policy.ProposeRequest) []policy.Window {
	for _, e := range r.Evidence {
		if maps.Equal(e.Setting, s) {
			return e.Windows
		}
	}
	return nil
}

func settings(k policy.Knob, values []policy.Value) []policy.Setting {
	var out []policy.Setting
	for _, v := range values {
		out = append(out, policy.Setting{k.Name: v})
	}
	return out
}

func note(k policy.Knob, r policy.ProposeRequest, values []policy.Value) string {
	var texts []string
	for _, v := range values {
		texts = append(texts, k.Format(v))
	}
	return fmt.Sprintf("%s %s beside %s", k.Name, strings.Join(texts, ", "), k.Format(r.Leader[k.Name]))
}
