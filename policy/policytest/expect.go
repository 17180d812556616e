package policytest

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Expectations are what a file wants a policy to decide.
type Expectations struct {
	Path  string
	lines []expectation
}

// expectation is one line of the file.
type expectation struct {
	line       int
	stream     string // a name or a pattern
	conditions []condition
}

// Failure is an expectation that a decision does not meet.
type Failure struct {
	Path   string // of the expectations
	Line   int
	Stream string
	Text   string // "parallelism is 6, expected >= 8"
}

// String tells of the failure on one line.
func (f Failure) String() string {
	return fmt.Sprintf("%s:%d: %s: %s", filepath.Base(f.Path), f.Line, f.Stream, f.Text)
}

// ExpectationsPath is where the expectations of a trace are: orders.expect beside
// orders.jsonl.
func ExpectationsPath(trace string) string {
	return strings.TrimSuffix(trace, filepath.Ext(trace)) + ".expect"
}

// LoadExpectations reads a file of expectations. Its error names every line that
// is none.
func LoadExpectations(path string) (*Expectations, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	x := &Expectations{Path: path}
	var errs []error
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(withoutComment(lines.Text()))
		if text == "" {
			continue
		}
		e, err := parseExpectation(text)
		if err != nil {
			errs = append(errs, x.mistake(n, err))
			continue
		}
		e.line = n
		x.lines = append(x.lines, e)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(errs) == 0 && len(x.lines) == 0 {
		return nil, fmt.Errorf("%s expects nothing: write a line such as %s", path, exampleLine)
	}
	return x, errors.Join(errs...)
}

const exampleLine = "stream public.orders: parallelism >= 8"

func (x *Expectations) mistake(line int, err error) error {
	return fmt.Errorf("%s:%d: %w", x.Path, line, err)
}

// withoutComment cuts a comment off: # at the beginning or behind a space.
func withoutComment(line string) string {
	for i, r := range line {
		if r == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
			return line[:i]
		}
	}
	return line
}

// parseExpectation reads "stream NAME: CONDITION, …". Names may have colons,
// conditions have none.
func parseExpectation(text string) (expectation, error) {
	rest, ok := strings.CutPrefix(text, "stream ")
	colon := strings.LastIndex(rest, ":")
	if !ok || colon < 0 {
		return expectation{}, fmt.Errorf("%q is no expectation: write it as %s", text, exampleLine)
	}
	e := expectation{stream: strings.TrimSpace(rest[:colon])}
	if e.stream == "" {
		return e, fmt.Errorf("the stream's name is missing: write it as %s", exampleLine)
	}
	for _, part := range strings.Split(rest[colon+1:], ",") {
		c, err := parseCondition(strings.TrimSpace(part))
		if err != nil {
			return e, err
		}
		e.conditions = append(e.conditions, c)
	}
	return e, nil
}

// Check compares decisions with what is expected of them. Its error names every
// line that speaks of what there is not.
func (x *Expectations) Check(outcomes []Outcome) ([]Failure, error) {
	var failures []Failure
	var errs []error
	for _, e := range x.lines {
		about, err := e.matches(outcomes)
		if err != nil {
			errs = append(errs, x.mistake(e.line, err))
			continue
		}
		for _, c := range e.conditions {
			if err := c.applies(about); err != nil {
				errs = append(errs, x.mistake(e.line, err))
				continue
			}
			for _, o := range about {
				if text := c.unmet(o); text != "" {
					failures = append(failures, Failure{x.Path, e.line, o.Stream, text})
				}
			}
		}
	}
	return failures, errors.Join(errs...)
}

// matches are the outcomes that the expectation is about: the stream of that
// name, else those that the pattern matches and that were tuned.
func (e expectation) matches(outcomes []Outcome) ([]Outcome, error) {
	var found []Outcome
	var names, others []string
	for _, o := range outcomes {
		names = append(names, o.Stream)
		if o.Stream == e.stream {
			if o.Unknown != "" {
				return nil, fmt.Errorf("nothing can be said of %s: %s", o.Stream, o.Unknown)
			}
			return []Outcome{o}, nil
		}
		matched, _ := path.Match(e.stream, o.Stream) // what is no pattern matches nothing
		switch {
		case matched && o.Skip != nil:
			others = append(others, fmt.Sprintf("%s was skipped (%s)", o.Stream, o.Skip.Reason))
		case matched && o.Unknown != "":
			others = append(others, o.Stream+": "+o.Unknown)
		case matched:
			found = append(found, o)
		}
	}
	switch {
	case len(found) > 0:
		return found, nil
	case len(others) > 0:
		return nil, fmt.Errorf("%s matches no stream that was tuned: %s", e.stream, listed(others))
	case len(names) == 0:
		return nil, errors.New("the trace has no stream")
	}
	return nil, fmt.Errorf("the trace has no stream %s%s", e.stream, instead(e.stream, names))
}
