package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/connectors/postgres"
)

func doctorCommand(u *ui) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor PIPELINE",
		Short: "Say what limits a run from outside of rbt",
		Long: `Look at both servers, the links to them and the pipeline's tables, and say what is not
rbt's to change and limits a run, or puts it or its rows at risk: settings, standbys,
connections, round trips, triggers. Each with the figure that was seen. It changes
nothing; 16 MiB are read from each server to see what a connection carries.`,
		Example: "  rbt doctor pipeline.hcl",
		Args:    onePipeline,
	}
	variables := variableFlag(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		j, err := openJob(args[0], *variables)
		if err != nil {
			return err
		}
		found, err := j.diagnose(cmd.Context())
		if err != nil {
			return err
		}
		if asJSON {
			return printFindingsJSON(u, found)
		}
		printFindings(u, found)
		return nil
	}
	return cmd
}

func (j *job) diagnose(ctx context.Context) ([]postgres.Finding, error) {
	plans, err := j.plans(ctx)
	if err != nil {
		return nil, err
	}
	var targets []*connectors.Target
	for _, p := range plans {
		targets = append(targets, p.Target)
	}
	found, err := postgres.Diagnose(ctx, sourceConfig(j.pipeline), destinationConfig(j.pipeline), targets)
	return found, stopped(ctx, err)
}

// printFindings lists what was looked at, and below it what is the matter.
func printFindings(u *ui, found []postgres.Finding) {
	t := table{heading: []string{"WHERE", "WHAT", "SEEN", ""}, text: 1}
	limits := false
	for _, f := range found {
		mark := ""
		if f.Level != postgres.LevelNote {
			mark = string(f.Level)
		}
		limits = limits || f.Level == postgres.LevelLimit
		t.add(oneLine(f.Where), f.What, oneLine(f.Seen), mark)
	}
	u.printf("%s\n", t.String())
	if !limits {
		u.printf("nothing outside of rbt limits the run\n")
	}
	for _, f := range found {
		if f.Advice != "" {
			u.printf("%s, %s %s: %s\n", oneLine(f.Where), f.What, oneLine(f.Seen), oneLine(f.Advice))
		}
	}
}

// findingJSON is what --json prints of a finding.
type findingJSON struct {
	Where  string `json:"where"`
	What   string `json:"what"`
	Seen   string `json:"seen"`
	Level  string `json:"level"` // note, limit or risk
	Advice string `json:"advice,omitempty"`
}

func printFindingsJSON(u *ui, found []postgres.Finding) error {
	list := []findingJSON{}
	for _, f := range found {
		list = append(list, findingJSON{f.Where, f.What, f.Seen, string(f.Level), f.Advice})
	}
	return u.printJSON(list)
}
