package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/sim"
	"github.com/rapidbyte/rbt/policy/wasm"
)

// What a bench plays: so many environments of a seed, and each so many times. A
// module takes up to a thousand times as long as the built-in policy, so there
// are fewer.
const (
	benchDrawn      = 30
	benchRuns       = 10
	benchModuleRuns = 2
)

func policyBenchCommand(u *ui) *cobra.Command {
	b := policyBench{}
	var asJSON bool
	var chosen chosenPolicy
	cmd := &cobra.Command{
		Use:   "bench [MODULE]",
		Short: "Compare a policy with the best fixed settings, in a simulator",
		Long: `Play streams of 60, 120 and 1000 seconds, or of those that --streams names, in
simulated environments, each ten times with other noise: with the built-in policy,
with the rules as they were approved at first, and without tuning. A module is played
twice, beside the built-in policy, and its calls are timed. Without --seed these are
eight environments that each hold a trap, with --seed thirty drawn from it. What was
chosen with a look at a seed has to be judged by another one. No database is needed.

Regret is by how many percent a stream took longer than with the best fixed setting:
of the policy's candidate sets, and of all settings. Below 0 the policy found
something better. Cost is the share of the time that the search took, below the share
of streams that ended with a setting more than 1 % slower than the untuned one, same
the share that ended with their environment's most frequent choice, and noise the
share that left the baseline where all settings are equally fast. The simulator ranks
policies; it does not predict the speed of a server.`,
		Example: `  rbt policy bench
  rbt policy bench policy.wasm --seed 7 --runs 5
  rbt policy bench --json | jq '.reports[] | {tuner, stream_secs, regret}'`,
		Args: atMostOnePolicy,
	}
	cmd.Flags().Uint64Var(&b.Seed, "seed", 0, "draw the environments from `N`, and the noise")
	cmd.Flags().IntVar(&b.Runs, "runs", 0, "play each environment `N` times (default 10, 2 with a module)")
	cmd.Flags().IntSliceVar(&b.lengths, "streams", []int{60, 120, 1000}, "play streams of so many `SECONDS`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	chosen.addFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		environments := sim.Named()
		if cmd.Flags().Changed("seed") {
			environments = sim.Draw(b.Seed, benchDrawn)
		}
		if cmd.Flags().Changed("runs") && b.Runs < 1 {
			return usage(errors.New("--runs must be at least 1"), "--runs 1")
		}
		if len(b.lengths) == 0 || slices.ContainsFunc(b.lengths, func(l int) bool { return l < 5 || l > 10000 }) {
			return usage(errors.New("--streams takes numbers of seconds from 5 to 10000"), "--streams 60,120,1000")
		}
		tuners, release, err := b.tuners(cmd.Context(), u, append(args, builtinName)[0], &chosen)
		if err != nil {
			return err
		}
		defer release()
		if err := b.play(cmd.Context(), u, environments, tuners); err != nil {
			return stopped(cmd.Context(), err)
		}
		return b.print(u, asJSON)
	}
	return cmd
}

// atMostOnePolicy accepts one argument or none.
func atMostOnePolicy(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return onePolicy(cmd, args)
}

// policyBench is what policy bench --json prints. Shares are fractions.
type policyBench struct {
	Environments int          `json:"environments"`
	Seed         uint64       `json:"seed"`
	Runs         int          `json:"runs"`
	Reports      []sim.Report `json:"reports"`
	Calls        []callReport `json:"calls,omitempty"` // where a module is among the policies

	lengths []int // s
	timed   []*timedPolicy
}

// tuners are those that are compared.
func (b *policyBench) tuners(ctx context.Context, u *ui, file string, chosen *chosenPolicy) (_ []sim.Tuner, release func(), err error) {
	if err := chosen.check(file); err != nil {
		return nil, nil, err
	}
	if file == builtinName {
		b.Runs = cmp.Or(b.Runs, benchRuns)
		return []sim.Tuner{sim.Scheduled{Policy: builtin.New()}, sim.Literal{}, sim.Untuned{}}, func() {}, nil
	}
	b.Runs = cmp.Or(b.Runs, benchModuleRuns)
	p, release, err := chosen.open(ctx, u, file, nil)
	if err != nil {
		return nil, nil, err
	}
	module := &timedPolicy{Policy: unquarantined{p.(*wasm.Policy), chosen.config}, ctx: ctx, name: moduleName(p, file), skip: missingHalf(p.(*wasm.Policy))}
	inGo := &timedPolicy{Policy: builtin.New(), ctx: ctx, name: builtinName}
	b.timed = []*timedPolicy{module, inGo}
	return []sim.Tuner{sim.Scheduled{Policy: module}, sim.Scheduled{Policy: inGo}, sim.Untuned{}}, release, nil
}

// missingHalf is the question that the built-in policy answers for a module;
// empty where there is none.
func missingHalf(p *wasm.Policy) string {
	switch proposes, scores := p.Halves(); {
	case !proposes:
		return "propose"
	case !scores:
		return "score"
	}
	return ""
}

// moduleName is how a table calls a module: by its name, unless that is the
// built-in policy's.
func moduleName(p policy.Policy, file string) string {
	if name := p.Info().Name; name != builtinName {
		return name
	}
	return file
}

// play plays the bench.
func (b *policyBench) play(ctx context.Context, u *ui, environments []sim.Environment, tuners []sim.Tuner) error {
	b.Environments = len(environments)
	var seconds []float64
	for _, l := range b.lengths {
		seconds = append(seconds, float64(l))
	}
	progress := newBenchProgress(u, 2*b.Runs*len(environments))
	var err error
	b.Reports, err = sim.Bench{
		Environments: environments, Tuners: tuners, Lengths: seconds,
		Runs: b.Runs, Seed: b.Seed, Priors: true, Played: progress.played,
	}.Run(ctx)
	for _, p := range b.timed {
		b.Calls = append(b.Calls, p.report())
	}
	return err
}

func (b policyBench) print(u *ui, asJSON bool) error {
	if asJSON {
		text, err := json.MarshalIndent(b, "", "  ")
		if err != nil {
			return err
		}
		u.printf("%s\n", text)
		return nil
	}
	u.printf("%s, %s each, seed %d; in percent\n\n%s", plural(b.Environments, "environment"), plural(b.Runs, "run"), b.Seed, b.table())
	if len(b.Calls) > 0 {
		u.printf("\ncalls, while as many streams as processors were played\n\n%s", markdown(callRows(b.Calls)))
	}
	for _, c := range b.Calls {
		u.printf("%s", c.failureText())
	}
	return nil
}

// table is the reports in Markdown.
func (b policyBench) table() string {
	rows := [][]string{
		{"stream", "policy", "regret", "median", "p95", "of all", "median", "p95", "cost", "below", "same", "noise"},
	}
	for _, r := range b.Reports {
		row := []string{fmt.Sprintf("%.0f s", r.Seconds), r.Tuner}
		for _, share := range []float64{
			r.Regret.Mean, r.Regret.Median, r.Regret.P95, r.RegretOfAll.Mean, r.RegretOfAll.Median, r.RegretOfAll.P95,
			r.Cost.Mean, r.Below, r.Stable, r.FalseLeads,
		} {
			row = append(row, fmt.Sprintf("%.1f", 100*share))
		}
		rows = append(rows, row)
	}
	return markdown(rows)
}

// markdown writes a table, its first row as the heading. The second column is a
// text, the others are numbers.
func markdown(rows [][]string) string {
	widths := (&table{heading: rows[0], rows: rows[1:]}).widths()
	var b strings.Builder
	for i, row := range rows {
		for j, cell := range row {
			width := widths[j]
			if j == 1 {
				width = -width
			}
			fmt.Fprintf(&b, "| %*s ", width, cell)
		}
		b.WriteString("|\n")
		if i == 0 {
			for j, width := range widths {
				rule := strings.Repeat("-", width+1)
				if j == 1 {
					fmt.Fprintf(&b, "|%s-", rule)
				} else {
					fmt.Fprintf(&b, "|%s:", rule)
				}
			}
			b.WriteString("|\n")
		}
	}
	return b.String()
}
