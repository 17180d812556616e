package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rapidbyte/rbt/policy"
)

// timedPolicy notes how long a policy takes for its answers. The simulator calls
// it from several goroutines, with a context that never ends: it has its own.
type timedPolicy struct {
	policy.Policy
	ctx  context.Context
	name string
	skip string // a question that it does not answer itself, and that is not timed

	mu     sync.Mutex
	took   map[string][]time.Duration // by what is asked
	failed map[string]int             // by code
}

// Info is the policy's, with the name that tables have.
func (p *timedPolicy) Info() policy.Info {
	info := p.Policy.Info()
	info.Name = p.name
	return info
}

// Propose times a call.
func (p *timedPolicy) Propose(_ context.Context, r policy.ProposeRequest) (policy.Proposal, error) {
	began := time.Now()
	answer, err := p.Policy.Propose(p.ctx, r)
	p.note("propose", time.Since(began), err)
	return answer, err
}

// Score times a call.
func (p *timedPolicy) Score(_ context.Context, r policy.ScoreRequest) (policy.Scores, error) {
	began := time.Now()
	answer, err := p.Policy.Score(p.ctx, r)
	p.note("score", time.Since(began), err)
	return answer, err
}

func (p *timedPolicy) note(op string, took time.Duration, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if op == p.skip {
		return
	}
	if p.took == nil {
		p.took, p.failed = map[string][]time.Duration{}, map[string]int{}
	}
	p.took[op] = append(p.took[op], took)
	if err != nil {
		p.failed[codeOf(err)]++
	}
}

// codeOf is the code of a policy's error.
func codeOf(err error) string {
	var coded interface{ Code() string }
	if errors.As(err, &coded) {
		return coded.Code()
	}
	return policy.FaultError
}

// callReport is how long a policy's calls took.
type callReport struct {
	Policy  string                `json:"policy"`
	Took    map[string]callsTimed `json:"took"`
	Failed  map[string]int        `json:"failed,omitempty"` // by code
	failing int
}

type callsTimed struct {
	Calls    int     `json:"calls"`
	MedianMS float64 `json:"median_ms"`
	WorstMS  float64 `json:"worst_ms"`
}

func (p *timedPolicy) report() callReport {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := callReport{Policy: p.name, Took: map[string]callsTimed{}, Failed: p.failed}
	for op, took := range p.took {
		slices.Sort(took)
		r.Took[op] = callsTimed{len(took), millis(took[len(took)/2]), millis(took[len(took)-1])}
	}
	for _, n := range p.failed {
		r.failing += n
	}
	return r
}

// callRows are the reports as a table.
func callRows(reports []callReport) [][]string {
	rows := [][]string{{"call", "policy", "calls", "median", "worst"}}
	for _, op := range []string{"propose", "score"} {
		for _, r := range reports {
			if t, ok := r.Took[op]; ok {
				rows = append(rows, []string{op, r.Policy, fmt.Sprint(t.Calls), millisText(t.MedianMS), millisText(t.WorstMS)})
			}
		}
	}
	return rows
}

// failureText tells of calls that failed. Their streams kept the baseline.
func (r callReport) failureText() string {
	if r.failing == 0 {
		return ""
	}
	var codes []string
	for _, code := range slices.Sorted(maps.Keys(r.Failed)) {
		codes = append(codes, fmt.Sprintf("%s %d", code, r.Failed[code]))
	}
	return fmt.Sprintf("\n%s: %s failed (%s), and each kept its stream at the baseline\n", r.Policy, plural(r.failing, "call"), strings.Join(codes, ", "))
}

// benchProgress tells now and then how far a bench is.
type benchProgress struct {
	u  *ui
	of int

	mu    sync.Mutex
	done  int
	began time.Time
	told  time.Time
}

// tellEvery is how often; a bench that takes less says nothing.
const tellEvery = 10 * time.Second

func newBenchProgress(u *ui, of int) *benchProgress {
	now := time.Now()
	return &benchProgress{u: u, of: of, began: now, told: now}
}

func (p *benchProgress) played() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	if now := time.Now(); now.Sub(p.told) >= tellEvery && p.done < p.of {
		p.told = now
		left := time.Duration(float64(now.Sub(p.began)) * float64(p.of-p.done) / float64(p.done))
		p.u.note("played %d of %d, about %s to go", p.done, p.of, formatTook(left))
	}
}
