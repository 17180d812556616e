package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/sim"
)

// What a bench plays: so many environments of a seed, and each so many times.
const (
	benchDrawn = 30
	benchRuns  = 10
)

func policyBenchCommand(u *ui) *cobra.Command {
	var seed uint64
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Compare the policy with the best fixed settings, in a simulator",
		Long: `Play streams of 60, 120 and 1000 seconds in simulated environments, each ten times
with other noise: with the built-in policy, with the rules as they were approved at
first, and without tuning. Without --seed these are eight environments that each hold
a trap, with --seed thirty drawn from it. What was chosen with a look at a seed has to
be judged by another one. No database is needed.

Regret is by how many percent a stream took longer than with the best fixed setting:
of the policy's candidate sets, and of all settings. Below 0 the policy found
something better. Cost is the share of the time that the search took, below the share
of streams that ended with a setting more than 1 % slower than the untuned one, same
the share that ended with their environment's most frequent choice, and noise the
share that left the baseline where all settings are equally fast. The simulator ranks
policies; it does not predict the speed of a server.`,
		Example: `  rbt policy bench
  rbt policy bench --seed 7
  rbt policy bench --json | jq '.reports[] | {tuner, stream_secs, regret}'`,
		Args: noArguments,
	}
	cmd.Flags().Uint64Var(&seed, "seed", 0, "draw the environments from `N`, and the noise")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		b := policyBench{Seed: seed, Runs: benchRuns}
		environments := sim.Named()
		if cmd.Flags().Changed("seed") {
			environments = sim.Draw(seed, benchDrawn)
		}
		b.Environments = len(environments)
		var err error
		b.Reports, err = sim.Bench{
			Environments: environments,
			Tuners:       []sim.Tuner{sim.Scheduled{Policy: builtin.New()}, sim.Literal{}, sim.Untuned{}},
			Lengths:      []float64{60, 120, 1000},
			Runs:         benchRuns, Seed: seed, Priors: true,
		}.Run(cmd.Context())
		if err != nil {
			return stopped(cmd.Context(), err)
		}
		return b.print(u, asJSON)
	}
	return cmd
}

// policyBench is what policy bench --json prints. Shares are fractions.
type policyBench struct {
	Environments int          `json:"environments"`
	Seed         uint64       `json:"seed"`
	Runs         int          `json:"runs"`
	Reports      []sim.Report `json:"reports"`
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
	u.printf("%s, %d runs each, seed %d; in percent\n\n%s", plural(b.Environments, "environment"), b.Runs, b.Seed, b.table())
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
