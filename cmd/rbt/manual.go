package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// manualCommand writes what packages take along. People do not need it.
func manualCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:    "manual FOLDER",
		Short:  "Write man pages, completions and the reference of the command line",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return writeManual(cmd.Root(), args[0]) }
	return cmd
}

func writeManual(root *cobra.Command, folder string) error {
	root.DisableAutoGenTag = true
	man, completions := filepath.Join(folder, "man"), filepath.Join(folder, "completions")
	for _, dir := range []string{man, completions} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	date := time.Unix(0, 0).UTC() // so that the same source makes the same pages
	if err := doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "rbt", Manual: "rbt", Date: &date}, man); err != nil {
		return fmt.Errorf("write the man pages: %w", err)
	}
	for name, write := range map[string]func(string) error{
		"rbt.bash": func(path string) error { return root.GenBashCompletionFileV2(path, true) },
		"_rbt":     root.GenZshCompletionFile,
		"rbt.fish": func(path string) error { return root.GenFishCompletionFile(path, true) },
	} {
		if err := write(filepath.Join(completions, name)); err != nil {
			return fmt.Errorf("write the completions: %w", err)
		}
	}
	reference, err := cliReference(root)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "cli.md"), reference, 0o644)
}

// cliReference is docs/cli.md: every command that people see, with its help.
func cliReference(root *cobra.Command) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("# Command line\n\nWritten from the program's own help; a test holds it to that.\n")
	var write func(*cobra.Command)
	write = func(cmd *cobra.Command) {
		if cmd.Hidden || cmd.Name() == "help" || cmd.Name() == "completion" {
			return
		}
		fmt.Fprintf(&out, "\n## `%s`\n\n%s\n", cmd.CommandPath(), strings.TrimSpace(slices.MaxFunc([]string{cmd.Short, cmd.Long}, func(a, b string) int { return len(a) - len(b) })))
		if cmd.Runnable() && cmd != root {
			fmt.Fprintf(&out, "\n```\n%s\n```\n", cmd.UseLine())
		}
		if flags := cmd.LocalFlags().FlagUsages(); flags != "" {
			fmt.Fprintf(&out, "\n```\n%s```\n", flags)
		}
		if cmd.Example != "" {
			fmt.Fprintf(&out, "\nExamples:\n\n```\n%s\n```\n", cmd.Example)
		}
		for _, sub := range cmd.Commands() {
			write(sub)
		}
	}
	write(root)
	return out.Bytes(), nil
}
