package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/wasm"
)

func policyCheckCommand(u *ui) *cobra.Command {
	var chosen chosenPolicy
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check MODULE",
		Short: "Find out whether a module can be used as a policy",
		Long: `Look at a module as a run does before it uses it: its bytes, what it imports and
exports, the version of the interface that it speaks, who it says it is and whether
it accepts its config. Then ask it both questions, with much and with little to go
by, and say how large it is and how long it takes. Each question is asked three
times: the answers have to be the same.

All problems are printed, each with its code and what to do. The exit code is 1 if
there is one.`,
		Example: `  rbt policy check policy.wasm
  rbt policy check policy.wasm --config '{"finish_in": "2h"}'
  rbt policy check policy.wasm --json | jq '.calls[] | {question, median_ms}'`,
		Args: onePolicy,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	chosen.addFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if args[0] == builtinName {
			return usage(errors.New("the built-in policy is no module: there is nothing to check"), "rbt policy bench")
		}
		if err := chosen.check(args[0]); err != nil {
			return err
		}
		c, err := checkModule(cmd.Context(), u, args[0], &chosen)
		if err != nil {
			return stopped(cmd.Context(), err)
		}
		if err := c.print(u, asJSON); err != nil {
			return err
		}
		if len(c.Problems) > 0 {
			return errReported
		}
		return nil
	}
	return cmd
}

// moduleCheck is what policy check --json prints.
type moduleCheck struct {
	File      string          `json:"file"`
	Bytes     int             `json:"bytes"`
	SHA256    string          `json:"sha256"` // empty where it is too large to be read
	Engine    string          `json:"engine,omitempty"`
	Name      string          `json:"name,omitempty"`
	Version   string          `json:"version,omitempty"`
	Proposes  bool            `json:"proposes"`
	Scores    bool            `json:"scores"`
	Functions int             `json:"functions"`
	Memory    int64           `json:"memory_bytes"` // the most after a call
	LoadMS    float64         `json:"load_ms"`
	Calls     []checkedCall   `json:"calls"`
	Problems  []moduleProblem `json:"problems"`
}

// checkedCall is a question that was asked some times.
type checkedCall struct {
	Op       string   `json:"op"`
	Question string   `json:"question"`
	Answer   string   `json:"answer,omitempty"` // in words; empty where there is none
	MedianMS float64  `json:"median_ms"`
	WorstMS  float64  `json:"worst_ms"`
	Notes    []string `json:"notes,omitempty"`
}

type moduleProblem struct {
	Op       string `json:"op"`
	Question string `json:"question,omitempty"`
	Code     string `json:"code"`
	Detail   string `json:"detail"`
	Do       string `json:"do"`
}

// codeUnsteady is for a module that answers the same question in several ways.
const codeUnsteady = "not_deterministic"

// checkModule does all that can be done without a run.
func checkModule(ctx context.Context, u *ui, file string, chosen *chosenPolicy) (*moduleCheck, error) {
	c := &moduleCheck{File: file, Calls: []checkedCall{}, Problems: []moduleProblem{}}
	var failed *wasm.Error
	content, err := readModule(file)
	if errors.As(err, &failed) { // it is too large, and was not read
		c.problem("", failed)
		return c, nil
	}
	if err != nil {
		return nil, err
	}
	c.Bytes, c.SHA256 = len(content), wasm.Sum(content)
	began := time.Now()
	module, err := chosen.loadBytes(ctx, u, file, content, nil, wasm.Limits{})
	c.LoadMS = millis(time.Since(began))
	if errors.As(err, &failed) {
		c.problem("", failed)
		return c, nil
	}
	if err != nil {
		return nil, err
	}
	defer module.Close()
	info := module.Info()
	c.Name, c.Version, c.Engine = info.Name, info.Version, info.Engine
	c.Proposes, c.Scores = module.Halves()
	if err := c.ask(ctx, module, chosen.config); err != nil {
		return nil, err
	}
	sizes := module.Sizes()
	c.Functions, c.Memory = sizes.Functions, sizes.Memory
	return c, nil
}

// askTimes is how often each question is asked.
const askTimes = 3

// ask asks the module what it does itself.
func (c *moduleCheck) ask(ctx context.Context, module *wasm.Policy, config json.RawMessage) error {
	for _, q := range smokeQuestions(config) {
		if q.op == "propose" && !c.Proposes || q.op == "score" && !c.Scores {
			continue
		}
		if err := c.askOne(ctx, module, q); err != nil {
			return err
		}
	}
	return nil
}

// askOne asks one question some times, or until the module fails.
func (c *moduleCheck) askOne(ctx context.Context, module *wasm.Policy, q smokeQuestion) error {
	input, err := json.Marshal(q.request)
	if err != nil {
		return err
	}
	done := checkedCall{Op: q.op, Question: q.about}
	var times []float64
	var answers [][]byte
	for range askTimes {
		began := time.Now()
		output, err := module.Replay(ctx, q.op, input)
		times = append(times, millis(time.Since(began)))
		var failed *wasm.Error
		if errors.As(err, &failed) {
			c.problem(q.about, failed)
			break
		}
		if err != nil {
			return err
		}
		done.Answer, done.Notes = answerText(q, output)
		text, err := json.Marshal(output)
		if err != nil {
			return err
		}
		answers = append(answers, text)
	}
	slices.Sort(times)
	done.MedianMS, done.WorstMS = times[len(times)/2], times[len(times)-1]
	c.Calls = append(c.Calls, done)
	c.compare(q, answers)
	return nil
}

// compare holds the answers to one question to each other.
func (c *moduleCheck) compare(q smokeQuestion, answers [][]byte) {
	for _, a := range answers {
		if !bytes.Equal(a, answers[0]) {
			c.Problems = append(c.Problems, moduleProblem{
				Op: q.op, Question: q.about, Code: codeUnsteady, Detail: "the same question has several answers",
				Do: "answer by the question alone",
			})
			return
		}
	}
}

func (c *moduleCheck) problem(question string, e *wasm.Error) {
	c.Problems = append(c.Problems, moduleProblem{
		Op: e.Op, Question: question, Code: e.Reason, Detail: e.Detail, Do: whatToDo(e),
	})
}

// answerText says what a module answered, and what a run would make of it
// otherwise than the module meant.
func answerText(q smokeQuestion, output any) (text string, notes []string) {
	if s, ok := output.(policy.Scores); ok {
		return plural(len(s.Scores), "score"), nil
	}
	p := output.(policy.Proposal)
	for _, s := range p.Candidates {
		for _, name := range s.Names() {
			i := slices.IndexFunc(q.knobs, func(k policy.Knob) bool { return k.Name == name })
			if i < 0 {
				notes = append(notes, fmt.Sprintf("%s is no knob that may be turned here: it is left out, and told as a clamp", name))
			} else if err := q.knobs[i].Check(s[name]); err != nil {
				notes = append(notes, fmt.Sprintf("a run clamps it: %v", err))
			}
		}
	}
	slices.Sort(notes)
	return plural(len(p.Candidates), "candidate"), slices.Compact(notes)
}

func millis(d time.Duration) float64 { return float64(d.Round(time.Microsecond)) / 1e6 }

func (c *moduleCheck) print(u *ui, asJSON bool) error {
	if asJSON {
		return u.printJSON(c)
	}
	u.printf("%s", harmless(c.text()))
	return nil
}

func (c *moduleCheck) text() string {
	var b bytes.Buffer
	line := func(word, format string, args ...any) {
		fmt.Fprintf(&b, "%-8s %s\n", word, fmt.Sprintf(format, args...))
	}
	if c.SHA256 != "" {
		line("", "%s: %s, SHA-256 %s", filepath.Base(c.File), formatBytes(int64(c.Bytes)), c.SHA256)
	}
	if c.Name != "" {
		line("ok", "%s, which %s", policyText(policy.Info{Name: c.Name, Version: c.Version}), halvesText(c.Proposes, c.Scores))
		line("", "loaded in %s, by the %s; %s", millisText(c.LoadMS), c.Engine, plural(c.Functions, "function"))
	}
	for _, q := range c.Calls {
		if q.Answer == "" {
			continue
		}
		line("ok", "%s, %s: %s, %s, at worst %s", q.Op, q.Question, q.Answer, millisText(q.MedianMS), millisText(q.WorstMS))
		for _, note := range q.Notes {
			line("note", "%s, %s: %s", q.Op, q.Question, note)
		}
	}
	if c.Memory > 0 {
		line("", "memory after a call: %s", policy.FormatBytes(c.Memory))
	}
	for _, p := range c.together() {
		line("problem", "%s: %s: %s", p.where(), p.Code, p.Detail)
		line("", "try: %s", p.Do)
	}
	if n := len(c.together()); n > 0 {
		fmt.Fprintf(&b, "%s\n", plural(n, "problem"))
	}
	return b.String()
}

// together are the problems, those that are the same with all their questions.
func (c *moduleCheck) together() []moduleProblem {
	var out []moduleProblem
	for _, p := range c.Problems {
		i := slices.IndexFunc(out, func(o moduleProblem) bool { return o.Op == p.Op && o.Code == p.Code && o.Detail == p.Detail })
		if i < 0 {
			out = append(out, p)
		} else {
			out[i].Question += "; " + p.Question
		}
	}
	return out
}

func (p moduleProblem) where() string {
	if p.Question == "" {
		return p.Op
	}
	return p.Op + ", " + p.Question
}

func millisText(ms float64) string {
	if ms < 1 {
		return fmt.Sprintf("%.0f µs", 1000*ms)
	}
	return fmt.Sprintf("%.1f ms", ms)
}
