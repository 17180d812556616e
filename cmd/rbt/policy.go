package main

import (
	"github.com/spf13/cobra"
)

func policyCommand(u *ui) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Try out what tunes a run",
		Long: `A policy decides what settings a run tries while its first rows move, and which of
them is best. These commands try one out without a database.`,
		Example: "  rbt policy bench",
		Args:    knownCommand,
		RunE:    helpOf,
	}
	cmd.AddCommand(policyNewCommand(u), policyCheckCommand(u), policyTestCommand(u), policyBenchCommand(u))
	return cmd
}
