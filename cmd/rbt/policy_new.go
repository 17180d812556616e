package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	module "github.com/rapidbyte/rbt"
)

// templates are the projects: a folder for each language, and one for what all
// have in common. In files that end in .tmpl, %NAME% stands for the policy's name.
//
//go:embed all:newpolicy
var templates embed.FS

// language is what projects of one are made of, besides its templates.
type language struct {
	name  string // of the folder, and for --lang
	title string
	needs string // what builds a module
	kit   []kit
}

// kit is files of this repository, and the folder of a project where they go.
type kit struct{ files, to string }

func languages() []language {
	return []language{
		{"go", "Go", "Go 1.26", []kit{
			{"LICENSE", "rbt"}, {"policy/*.go", "rbt/policy"},
			{"policy/builtin/*.go", "rbt/policy/builtin"}, {"policy/guest/*.go", "rbt/policy/guest"},
		}},
		{"assemblyscript", "AssemblyScript", "npm", []kit{{"LICENSE", "rbt"}, {"examples/policies/kit/assemblyscript/*", "rbt"}}},
		{"c", "C", "clang and lld", []kit{{"LICENSE", "rbt"}, {"examples/policies/kit/c/*", "rbt"}}},
		{"wat", "WebAssembly's text format", "wat2wasm", []kit{{"policy/wasm/ABI.md", "."}}},
	}
}

func languageNames() (names []string) {
	for _, l := range languages() {
		names = append(names, l.name)
	}
	return names
}

func policyNewCommand(u *ui) *cobra.Command {
	var lang string
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Write a project for a policy of your own",
		Long: `Write a folder of that name with a policy that works, its tests, and a Makefile that
builds a module of it. What it needs of rbt is in it: nothing is downloaded.`,
		Example: `  rbt policy new thrifty && cd thrifty && make test && make
  rbt policy new --lang c thrifty`,
		Args: policyName,
	}
	cmd.Flags().StringVar(&lang, "lang", "go", "write it in `LANGUAGE`: "+strings.Join(languageNames(), ", "))
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		return newPolicy(u, lang, args[0])
	}
	return cmd
}

// policyNames are names that can be those of folders and of packages anywhere.
var policyNames = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)

func policyName(cmd *cobra.Command, args []string) error {
	hint := cmd.CommandPath() + " thrifty"
	switch {
	case len(args) == 0:
		return usage(errors.New("the policy's name is missing"), hint)
	case len(args) > 1:
		return usage(fmt.Errorf("one policy at a time, not %d", len(args)), hint)
	case !policyNames.MatchString(args[0]):
		return usage(fmt.Errorf("%q is no name for a policy: a letter first, then up to 63 letters, digits, - and _", args[0]), hint)
	}
	return nil
}

func newPolicy(u *ui, lang, name string) error {
	i := slices.IndexFunc(languages(), func(l language) bool { return l.name == lang })
	if i < 0 {
		try := nearest(lang, languageNames())
		if try == "" {
			try = "go"
		}
		return usage(fmt.Errorf("there is no template in %q, but in %s", lang, strings.Join(languageNames(), ", ")),
			"rbt policy new --lang "+try+" "+name)
	}
	l := languages()[i]
	files, err := l.project(name)
	if err != nil {
		return err
	}
	if err := writeProject(name, files); err != nil {
		return err
	}
	for _, f := range slices.Sorted(maps.Keys(files)) {
		u.printf("%s\n", filepath.Join(name, f))
	}
	u.note("\n%s is a policy in %s. What to do next:\n"+
		"  cd %s\n"+
		"  make test     test its functions\n"+
		"  make          build policy.wasm, with %s\n"+
		"  make check    have rbt check the module, and what it decides", name, l.title, name, l.needs)
	return nil
}

// project is the files of a new project, by their paths in its folder.
func (l language) project(name string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, dir := range []string{"newpolicy/common", "newpolicy/" + l.name} {
		err := fs.WalkDir(templates, dir, func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := templates.ReadFile(file)
			to := strings.TrimPrefix(file, dir+"/")
			if template, ok := strings.CutSuffix(to, ".tmpl"); ok {
				to, text = template, []byte(strings.ReplaceAll(string(text), "%NAME%", name))
			}
			files[to] = text
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	for _, k := range l.kit {
		from, err := fs.Glob(module.Kits, k.files)
		if err != nil {
			return nil, err
		}
		for _, file := range from {
			if files[path.Join(k.to, path.Base(file))], err = module.Kits.ReadFile(file); err != nil {
				return nil, err
			}
		}
	}
	return files, nil
}

// writeProject writes a folder with files, all or none.
func writeProject(dir string, files map[string][]byte) (err error) {
	if err := os.Mkdir(dir, 0o755); errors.Is(err, fs.ErrExist) {
		return withHints(fmt.Errorf("there is something called %s already: nothing was changed", dir),
			"another name, or another folder to work in")
	} else if err != nil {
		return fmt.Errorf("make a folder for the policy: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return fmt.Errorf("write the policy: %w", err)
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return fmt.Errorf("write the policy: %w", err)
		}
	}
	return nil
}
