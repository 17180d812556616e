package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rapidbyte/rbt/hcl"
)

// variableFlag adds -var to a command.
func variableFlag(cmd *cobra.Command) *[]string {
	return cmd.Flags().StringArray("var", nil, "set a variable of the pipeline to a value, as `name=value`")
}

// loadPipeline reads a pipeline file. Its errors end in exit code 2.
func loadPipeline(path string, variables []string) (*hcl.Pipeline, error) {
	vars, err := parseVariables(variables)
	if err != nil {
		return nil, err
	}
	p, err := hcl.Load(path, hcl.Options{Vars: vars, Env: os.LookupEnv, Knobs: allKnobs()})
	if errors.Is(err, os.ErrNotExist) {
		return nil, usage(fmt.Errorf("there is no file %s", path), "rbt demo, which shows a pipeline file and runs it")
	}
	return accept(p, err)
}

// accept refuses a pipeline that cannot be read.
func accept(p *hcl.Pipeline, err error) (*hcl.Pipeline, error) {
	var mistakes *hcl.Diagnostics
	switch {
	case errors.As(err, &mistakes):
		return nil, &fileError{[]error{err}}
	case err != nil:
		return nil, usage(err)
	}
	if errs := checkDSNs(p); len(errs) > 0 {
		return nil, &fileError{errs}
	}
	return p, nil
}

func parseVariables(assignments []string) (map[string]string, error) {
	vars := map[string]string{}
	for _, a := range assignments {
		name, value, ok := strings.Cut(a, "=")
		if !ok || name == "" {
			// The text is not repeated: it may be a secret that lost its name.
			return nil, usage(errors.New("a variable is set as name=value"), "-var name=value")
		}
		vars[name] = value
	}
	return vars, nil
}
