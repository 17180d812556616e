package main

import (
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the linker in a release.
var version = ""

func versionCommand(u *ui) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Long:    "Print the version of rbt, and of the Go and the platform that it was built with and for.",
		Example: "  rbt version",
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			u.printf("rbt %s (%s)\n", rbtVersion(), builtWith())
			return nil
		},
	}
}

// rbtVersion is the release, or what Go knows of the commit.
func rbtVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}
