package policytest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/trace"
)

// sameNumber is by how much two numbers differ, as a fraction, and are the same
// all the same: processors round the last digits of a logarithm in their own
// ways.
const sameNumber = 1e-9

// An answer in the words of people is one of these.
type (
	proposal struct {
		Candidates []string
		Note       string
		State      string
	}
	scores []score
	failed string
)

type score struct {
	Candidate     string
	Value, StdErr float64
	Ties          []float64
}

// difference says what differs between two answers to one question; empty where
// nothing does.
func difference(recorded, now trace.Call) (string, error) {
	before, err := answerOf(recorded)
	if err != nil {
		return "", fmt.Errorf("the recorded answer: %w", err)
	}
	after, err := answerOf(now)
	if err != nil {
		return "", err
	}
	if recorded.Error != "" && sameError(recorded.Op, recorded.Error, now.Error) {
		return "", nil
	}
	diff := gocmp.Diff(before, after, cmpopts.EquateEmpty(), cmpopts.EquateApprox(sameNumber, 0))
	return strings.NewReplacer("\u00a0", " ", "\t", "  ").Replace(diff), nil
}

// answerOf puts an answer into words.
func answerOf(c trace.Call) (any, error) {
	switch {
	case c.Error != "":
		return failed(c.Error), nil
	case c.Op == opScore:
		return scoresOf(c)
	}
	var asked struct{ Knobs []policy.Knob }
	if err := json.Unmarshal(c.Input, &asked); err != nil {
		return nil, err
	}
	var p policy.Proposal
	if err := json.Unmarshal(c.Output, &p); err != nil {
		return nil, err
	}
	out := proposal{Note: p.Note, State: p.State}
	for _, s := range p.Candidates {
		out.Candidates = append(out.Candidates, settingText(s, asked.Knobs))
	}
	return out, nil
}

// scoresOf puts scores into words. Their order means nothing.
func scoresOf(c trace.Call) (scores, error) {
	var asked policy.ScoreRequest
	if err := json.Unmarshal(c.Input, &asked); err != nil {
		return nil, err
	}
	var p policy.Scores
	if err := json.Unmarshal(c.Output, &p); err != nil {
		return nil, err
	}
	slices.SortStableFunc(p.Scores, func(a, b policy.Score) int { return cmp.Compare(a.ID, b.ID) })
	var out scores
	for _, s := range p.Scores {
		out = append(out, score{candidateText(asked, s.ID), s.Value, s.StdErr, s.Ties})
	}
	return out, nil
}

// candidateText names a candidate by its id and by what it has otherwise than
// the baseline.
func candidateText(r policy.ScoreRequest, id int) string {
	var base, set policy.Setting
	for _, e := range r.Evidence {
		if e.ID == r.Baseline {
			base = e.Setting
		}
		if e.ID == id {
			set = e.Setting
		}
	}
	turned := policy.Setting{}
	for name, v := range set {
		if v != base[name] {
			turned[name] = v
		}
	}
	switch {
	case id == r.Baseline:
		return fmt.Sprintf("%d: the baseline", id)
	case len(turned) == 0:
		return fmt.Sprint(id)
	}
	return fmt.Sprintf("%d: %s", id, settingText(turned, r.Knobs))
}

// settingText writes all of a setting: the knobs that there are in their order,
// then what is no knob.
func settingText(s policy.Setting, knobs []policy.Knob) string {
	var parts []string
	if text := s.Format(knobs); text != "" {
		parts = append(parts, text)
	}
	for _, name := range s.Names() {
		if !slices.ContainsFunc(knobs, func(k policy.Knob) bool { return k.Name == name }) {
			parts = append(parts, name+" "+policy.Knob{}.Format(s[name]))
		}
	}
	return strings.Join(parts, ", ")
}
