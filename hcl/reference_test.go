package hcl

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReference holds docs/pipeline.md to the schema: the same blocks, with the
// same attributes, types, defaults and bounds.
func TestReference(t *testing.T) {
	doc, err := os.ReadFile("../docs/pipeline.md")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{}
	describeBlocks(want, "", schema(testOptions().Knobs).blocks)
	want[streamPin] = nil // the document refers to the other table
	if diff := cmp.Diff(want, documented(string(doc))); diff != "" {
		t.Errorf("-schema +document:\n%s", diff)
	}
}

const streamPin = "`stream \"TABLE\"` / `pin`"

// describeBlocks writes blocks as the document should: heading → table rows,
// without the meaning.
func describeBlocks(into map[string][]string, parent string, blocks []*block) {
	for _, b := range blocks {
		heading := "`" + b.name + "`"
		if b.label != "" {
			heading = fmt.Sprintf("`%s %q`", b.name, b.label)
		}
		heading = parent + heading
		into[heading] = nil
		for _, a := range b.attributes {
			into[heading] = append(into[heading], describeAttribute(a))
		}
		describeBlocks(into, heading+" / ", b.blocks)
	}
}

func describeAttribute(a attribute) string {
	fallback, bounds := "", strings.Join(a.choices, ", ")
	switch {
	case a.required:
		fallback = "required"
	case a.fallback != "":
		fallback = "`" + a.fallback + "`"
	}
	if a.bounded() {
		bounds = a.format(a.min) + " … " + a.format(a.max)
	}
	return strings.Join([]string{"`" + a.name + "`", string(a.kind), fallback, bounds}, " | ")
}

var row = regexp.MustCompile("^\\| (`[a-z0-9_]+`) \\|(.*?)\\|(.*?)\\|(.*?)\\| \\S.* \\|$")

// documented reads the headings of blocks and the rows below them.
func documented(doc string) map[string][]string {
	found := map[string][]string{}
	heading := ""
	for line := range strings.Lines(doc) {
		line = strings.TrimSuffix(line, "\n")
		if h, ok := strings.CutPrefix(line, "## "); ok {
			heading = ""
			if strings.HasPrefix(h, "`") {
				heading = h
				found[heading] = nil
			}
		}
		if m := row.FindStringSubmatch(line); m != nil && heading != "" {
			for i := range m {
				m[i] = strings.TrimSpace(m[i])
			}
			found[heading] = append(found[heading], strings.Join(m[1:], " | "))
		}
	}
	return found
}

// TestDocumentedPipeline reads the example of the document.
func TestDocumentedPipeline(t *testing.T) {
	doc, err := os.ReadFile("../docs/pipeline.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(doc), "```hcl\n")
	example, _, _ := strings.Cut(rest, "```")
	if _, err := Parse([]byte(example), "docs/pipeline.md", testOptions()); err != nil {
		t.Error(err)
	}
}

func TestSchemaDefaultsAreLegal(t *testing.T) {
	root := schema(testOptions().Knobs)
	root.find(func(b *block) bool {
		for _, a := range b.attributes {
			if _, ok := a.convert(value{is: a.fallback}); a.fallback != "" && !ok {
				t.Errorf("%s: %s cannot be %s", b.name, a.name, a.fallback)
			}
		}
		return false
	})
}

func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../examples/*/pipeline.hcl")
	if err != nil || len(files) == 0 {
		t.Fatal("no examples", err)
	}
	for _, file := range files {
		p, err := Load(file, testOptions())
		if err != nil {
			t.Error(err)
			continue
		}
		if folder := filepath.Base(filepath.Dir(file)); p.Name != folder {
			t.Errorf("%s is named %s", file, p.Name)
		}
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if command := "examples/" + p.Name + "/pipeline.hcl"; !strings.HasPrefix(string(src), "# ") || !strings.Contains(string(src), command) {
			t.Errorf("%s does not begin with what it shows and how to run it", file)
		}
	}
}
