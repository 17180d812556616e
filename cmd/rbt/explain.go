package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func explainCommand(u *ui) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "explain [RUN-ID | TRACE-FILE]",
		Short: "Say why a run chose what it chose",
		Long: `Say for each stream of a run what was tried, what it gave, what was chosen and
what the search cost: of the last run in this folder, of another by its id, or of
a trace file. A run that is still at work, or was killed, is told as far as it came.`,
		Example: `  rbt explain
  rbt explain 01M847WPY8SVS2950CR0SXJ1PT
  rbt explain trace.jsonl --json | jq '.streams[].decision.reason'`,
		Args: oneTrace,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		name := ""
		if len(args) > 0 {
			name = args[0]
		}
		path, err := findTrace(cmd.CommandPath(), name)
		if err != nil {
			return err
		}
		s, err := readStory(path)
		if err != nil {
			return err
		}
		if asJSON {
			return u.printJSON(storyJSON(s))
		}
		u.printf("%s", storyText(s))
		return nil
	}
	return cmd
}

// oneTrace accepts a run or a trace, or nothing.
func oneTrace(cmd *cobra.Command, args []string) error {
	if len(args) <= 1 {
		return nil
	}
	return usage(fmt.Errorf("one run at a time, not %d", len(args)), cmd.CommandPath()+" "+args[0])
}

// readStory reads a trace from a file.
func readStory(path string) (*story, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrPermission) {
		return nil, err
	}
	if err != nil {
		return nil, usage(err)
	}
	defer file.Close()
	s, err := tellStory(file, path)
	if err != nil {
		return nil, usage(err)
	}
	return s, nil
}
