package main

import (
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy"
)

const repository = "../.."

// documents are the texts that a reader may follow, by their paths from the
// top of the repository.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "bench/*.md", "policy/wasm/*.md", "examples/*/pipeline.hcl"} {
		files, err := filepath.Glob(filepath.Join(repository, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("no %s: %v", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name, err := filepath.Rel(repository, file)
			if err != nil {
				t.Fatal(err)
			}
			if name != "docs/cli.md" { // which is the help itself
				texts[name] = string(text)
			}
		}
	}
	return texts
}

var (
	inlineCode   = regexp.MustCompile("`([^`\n]+)`")
	environment  = regexp.MustCompile(`^(?:[A-Z_a-z]+=\S* )+`)
	afterCommand = regexp.MustCompile(` (?:#|\||&&|>>?|2>>?) ?.*$`)
)

// commandLines are the lines of a text that call rbt, as words: those that
// stand alone, and those in the middle of a sentence.
func commandLines(text string) (lines, mentions [][]string) {
	fenced := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
			continue
		}
		for _, m := range inlineCode.FindAllStringSubmatch(line, -1) {
			if words := rbtWords(m[1]); words != nil {
				mentions = append(mentions, words)
			}
		}
		if comment, ok := strings.CutPrefix(line, "#"); fenced || ok {
			if words := rbtWords(strings.TrimLeft(comment, "# \t")); words != nil {
				lines = append(lines, words)
			}
		}
	}
	return lines, mentions
}

// rbtWords splits a line that calls rbt, without what a shell makes of it; nil
// for other lines.
func rbtWords(line string) []string {
	if i := strings.LastIndex(line, "&& rbt "); i >= 0 {
		line = line[i+len("&& "):]
	}
	line = environment.ReplaceAllString(strings.TrimSpace(line), "")
	line = afterCommand.ReplaceAllString(line, "")
	words := strings.Fields(line)
	if len(words) == 0 || words[0] != "rbt" {
		return nil
	}
	return words[1:]
}

// TestDocumentedCommands holds that every command line of the documents has a
// command, flags and arguments that there are.
func TestDocumentedCommands(t *testing.T) {
	checked := 0
	for name, text := range documents(t) {
		lines, mentions := commandLines(text)
		for _, words := range lines {
			if err := parses(words, true); err != nil {
				t.Errorf("%s: rbt %s: %v", name, strings.Join(words, " "), err)
			}
		}
		for _, words := range mentions {
			if err := parses(words, false); err != nil {
				t.Errorf("%s: rbt %s: %v", name, strings.Join(words, " "), err)
			}
		}
		checked += len(lines) + len(mentions)
	}
	if checked < 20 {
		t.Errorf("only %d command lines found: does the test still read the documents?", checked)
	}
}

// parses reports what is wrong with a command line. A mention may leave
// arguments out.
func parses(words []string, complete bool) error {
	root := newRoot(newUI(strings.NewReader(""), io.Discard, io.Discard), nil)
	cmd, rest, err := root.Find(longVar(words))
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	if !complete && cmd != root {
		return nil
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

func TestDocumentedCommandsAreFound(t *testing.T) {
	lines, mentions := commandLines("Use `rbt check`, not `make`.\n```\nrbt: no such thing\nrbt run p.hcl -var a=b > x  # so\nA=1 rbt plan p.hcl | jq .\n```\n")
	want := [][]string{{"run", "p.hcl", "-var", "a=b"}, {"plan", "p.hcl"}}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]string{{"check"}}, mentions); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"rnu p.hcl", "run --restrat p.hcl", "run", "run a b", "--nope"} {
		if parses(strings.Fields(bad), true) == nil {
			t.Errorf("rbt %s passes for a command line", bad)
		}
	}
}

var (
	linkText    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	pathText    = regexp.MustCompile(`^[\w.-]+(/[\w.*-]+)+$`)
	headingText = regexp.MustCompile(`(?m)^#+ (.*)$`)
	makeText    = regexp.MustCompile("`make ([a-z-]+)`|(?m)^make ([a-z-]+)")
	testText    = regexp.MustCompile(`\bTest[A-Z]\w+`)
)

// TestFuzzed holds that make test gives every fuzz test its time.
func TestFuzzed(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(repository, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	fuzzText := regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)
	found := 0
	err = filepath.WalkDir(repository, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range fuzzText.FindAllStringSubmatch(string(text), -1) {
			found++
			if !strings.Contains(string(makefile), "-fuzz '^"+m[1]+"$$'") {
				t.Errorf("%s: the Makefile does not run %s", path, m[1])
			}
		}
		return err
	})
	if err != nil || found < 4 {
		t.Errorf("%d fuzz tests, error %v", found, err)
	}
}

// TestDocumentedFiles holds that the files, headings, make targets and tests
// that the documents name are there.
func TestDocumentedFiles(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(repository, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	tests := testNames(t)
	texts := documents(t)
	for name, text := range texts {
		for _, m := range linkText.FindAllStringSubmatch(text, -1) {
			checkLink(t, texts, name, m[1])
		}
		for _, m := range inlineCode.FindAllStringSubmatch(text, -1) {
			first, _, _ := strings.Cut(m[1], "/")
			if _, err := os.Stat(filepath.Join(repository, first)); err != nil || !pathText.MatchString(m[1]) || first == "bin" {
				continue // no path, or one that make makes
			}
			if found, err := filepath.Glob(filepath.Join(repository, m[1])); err != nil || len(found) == 0 {
				t.Errorf("%s: there is no file %s", name, m[1])
			}
		}
		for _, m := range makeText.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(string(makefile), "\n"+m[1]+m[2]+":") {
				t.Errorf("%s: there is no make %s", name, m[1]+m[2])
			}
		}
		for _, m := range testText.FindAllString(text, -1) {
			if !slices.Contains(tests, m) {
				t.Errorf("%s: there is no test %s", name, m)
			}
		}
	}
}

func checkLink(t *testing.T, texts map[string]string, from, to string) {
	t.Helper()
	if strings.Contains(to, "://") {
		return
	}
	file, anchor, _ := strings.Cut(to, "#")
	name := from
	if file != "" {
		name = filepath.Join(filepath.Dir(from), file)
	}
	if _, err := os.Stat(filepath.Join(repository, name)); err != nil {
		t.Errorf("%s: the link %s leads nowhere", from, to)
		return
	}
	if anchor == "" {
		return
	}
	for _, m := range headingText.FindAllStringSubmatch(texts[name], -1) {
		if slug(m[1]) == anchor {
			return
		}
	}
	t.Errorf("%s: the link %s leads to no heading", from, to)
}

// slug is the anchor that a heading gets.
func slug(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '_' || r == '-' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		}
		return -1
	}, strings.ToLower(heading))
}

var testFunction = regexp.MustCompile(`(?m)^func (Test\w+)\(`)

func testNames(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", `{{$d := .Dir}}{{range .TestGoFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}{{range .XTestGoFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}`, repository+"/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range strings.Fields(string(out)) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range testFunction.FindAllStringSubmatch(string(text), -1) {
			names = append(names, m[1])
		}
	}
	return names
}

// TestDocumentedKnobs holds the table of pins in docs/pipeline.md to the knobs
// that the runtime and the connectors declare. Package hcl holds the rest of
// that page, but knows no knob.
func TestDocumentedKnobs(t *testing.T) {
	text := documents(t)["docs/pipeline.md"]
	_, section, _ := strings.Cut(text, "\n## `pin`\n")
	section, _, _ = strings.Cut(section, "\n## ")
	want := map[string]string{}
	for _, k := range allKnobs() {
		want["`"+k.Name+"`"] = knobCells(k)
	}
	got := map[string]string{}
	for line := range strings.Lines(section) {
		if cells := strings.Split(line, "|"); len(cells) == 7 && strings.HasPrefix(cells[1], " `") {
			got[strings.TrimSpace(cells[1])] = strings.TrimSpace(cells[2]) + ", " + strings.TrimSpace(cells[4])
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-declared +documented:\n%s", diff)
	}
}

// knobCells are a knob's type and bounds as the document should have them.
func knobCells(k policy.Knob) string {
	bounds := k.Format(policy.IntValue(k.Min)) + " … " + k.Format(policy.IntValue(k.Max))
	switch k.Kind {
	case policy.Enum:
		return "one of, " + strings.Join(k.Values, ", ")
	case policy.Bytes:
		return "size, " + bounds
	default:
		return "number, " + bounds
	}
}
