package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newRoot returns the command line with all commands, set to args.
func newRoot(u *ui, args []string) *cobra.Command {
	var logFormat string
	root := &cobra.Command{
		Use:   "rbt",
		Short: "Copy PostgreSQL tables between servers, fast",
		Long: `rbt copies PostgreSQL tables from one server to another, as a pipeline file says:
all tables as of one moment, every row exactly once, or a clear error.

Results go to standard output, progress and errors to standard error.
Exit codes: 0 done, 1 failed, 2 bad usage or bad file.`,
		Example: `  rbt demo                            see it work, on servers of its own
  rbt discover --dsn "$SOURCE_DSN"    list the tables as streams to paste
  rbt check pipeline.hcl              can it work?
  rbt plan pipeline.hcl               what would it do?
  rbt run pipeline.hcl                do it
  rbt verify pipeline.hcl             are source and destination equal?
  rbt explain                         why did the run choose what it chose?`,
		SilenceErrors: true, // finish prints them
		SilenceUsage:  true,
		Args:          knownCommand,
		RunE:          helpOf,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			return u.setLogFormat(logFormat)
		},
	}
	root.SetArgs(longVar(args))
	root.SetIn(u.stdin)
	root.SetOut(u.stdout)
	root.SetErr(lockedWriter{u})
	root.SetFlagErrorFunc(flagError)
	root.PersistentFlags().BoolVar(&u.quiet, "quiet", false, "print nothing but results and errors")
	root.PersistentFlags().StringVar(&logFormat, "log-format", "text", "`format` of standard error: text or json")
	root.AddCommand(runCommand(u), checkCommand(u), planCommand(u), discoverCommand(u), verifyCommand(u), rejectsCommand(u), doctorCommand(u),
		explainCommand(u), reportCommand(u), policyCommand(u), demoCommand(u), versionCommand(u), manualCommand())
	checkCobraCommands(root)
	return root
}

func (u *ui) setLogFormat(format string) error {
	switch format {
	case "text":
	case "json":
		u.json, u.terminal, u.color = true, false, false
	default:
		return usage(fmt.Errorf("unknown log format %q", format), "--log-format text", "--log-format json")
	}
	return nil
}

// longVar lets people write -var name=value, as other tools have it.
func longVar(args []string) []string {
	long := make([]string, len(args))
	for i, arg := range args {
		if arg == "-var" || strings.HasPrefix(arg, "-var=") {
			arg = "-" + arg
		}
		long[i] = arg
	}
	return long
}

// checkCobraCommands makes the commands that cobra adds as strict as ours.
func checkCobraCommands(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			c.Args = knownTopic
		case "completion":
			c.Args, c.RunE = knownCommand, helpOf
			for _, shell := range c.Commands() {
				shell.Args = noArguments
			}
		}
	}
}

// helpOf runs a command that only holds others.
func helpOf(cmd *cobra.Command, _ []string) error { return cmd.Help() }

// knownTopic rejects what follows rbt help and is no command.
func knownTopic(help *cobra.Command, args []string) error {
	cmd, rest, err := help.Root().Find(args)
	if err != nil {
		return usage(err, "rbt --help")
	}
	if !cmd.HasSubCommands() {
		return nil
	}
	return knownCommand(cmd, rest)
}

// knownCommand rejects what follows a command that holds others and is none of them.
func knownCommand(group *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var known []string
	for _, c := range group.Commands() {
		if !c.Hidden {
			known = append(known, c.Name())
		}
	}
	hint := group.CommandPath() + " --help"
	if name := nearest(args[0], known); name != "" {
		hint = group.CommandPath() + " " + name
	} else if !group.HasParent() && strings.HasSuffix(args[0], ".hcl") {
		hint = "rbt run " + args[0]
	}
	return usage(fmt.Errorf("there is no command %q", args[0]), hint)
}

// flagError turns what pflag says into our words.
func flagError(cmd *cobra.Command, err error) error {
	help := cmd.CommandPath() + " --help"
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) || unknown.GetSpecifiedShortnames() != "" {
		return usage(err, help)
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	if name := nearest(unknown.GetSpecifiedName(), known); name != "" {
		help = cmd.CommandPath() + " --" + name
	}
	return usage(fmt.Errorf("there is no flag --%s", unknown.GetSpecifiedName()), help)
}

// onePipeline accepts one argument, the pipeline file.
func onePipeline(cmd *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	err := errors.New("the pipeline file is missing")
	if len(args) > 1 {
		err = fmt.Errorf("one pipeline file at a time, not %d", len(args))
	}
	return usage(err, cmd.CommandPath()+" pipeline.hcl")
}

// noArguments accepts none.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usage(fmt.Errorf("%s takes no argument, not %q", cmd.CommandPath(), args[0]), cmd.CommandPath()+" --help")
}
