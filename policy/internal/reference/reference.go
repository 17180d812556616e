// Package reference reads the tables of fields in documents, and makes the rows
// that they should have from Go types, so that tests can compare the two.
package reference

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/rapidbyte/rbt/policy"
)

// Words are what a document calls types.
type Words struct {
	// Objects are the types that it describes by themselves, by their headings.
	Objects map[reflect.Type]string
	// Whole is what it calls whole numbers; empty where they are numbers like
	// others.
	Whole string
}

// Rows are a type's fields as a document should have them: "`name` | type".
func (w Words) Rows(of reflect.Type) []string {
	var out []string
	for i := range of.NumField() {
		f := of.Field(i)
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		_, object := w.Objects[f.Type]
		switch {
		case f.Anonymous && object:
			out = append(out, "… | "+w.typeName(f.Type))
		case f.Anonymous:
			out = append(out, w.Rows(f.Type)...)
		default:
			name := w.typeName(f.Type)
			if strings.Contains(options, "string") {
				name = "string"
			}
			if strings.Contains(options, "omitempty") {
				name += ", optional"
			}
			out = append(out, "`"+tag+"` | "+name)
		}
	}
	return out
}

func (w Words) typeName(of reflect.Type) string {
	if name, ok := w.Objects[of]; ok {
		return strings.ToLower(name)
	}
	switch of {
	case reflect.TypeFor[time.Time]():
		return "time"
	case reflect.TypeFor[json.RawMessage]():
		return "JSON"
	case reflect.TypeFor[policy.Value]():
		return "value"
	case reflect.TypeFor[policy.Kind]():
		return "string"
	}
	switch of.Kind() {
	case reflect.Pointer:
		return w.typeName(of.Elem())
	case reflect.Slice:
		return "list of " + w.typeName(of.Elem())
	case reflect.Map:
		return "object of " + w.typeName(of.Elem())
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Float64:
		return "number"
	}
	if w.Whole != "" {
		return w.Whole
	}
	return "number"
}

var (
	fieldName = regexp.MustCompile("^(`[a-z0-9_]+`|…)$")
	linkText  = regexp.MustCompile(`\[([^\]]+)\]\([^)]+\)`)
)

// Documented are the rows of the document's tables of fields, by the heading
// above them, as Rows makes them.
func Documented(doc string) map[string][]string {
	found := map[string][]string{}
	for heading, table := range Tables(doc) {
		for _, cells := range table {
			if len(cells) > 2 && fieldName.MatchString(cells[0]) && cells[len(cells)-1] != "" {
				found[heading] = append(found[heading], cells[0]+" | "+linkText.ReplaceAllString(cells[1], "$1"))
			}
		}
	}
	return found
}

// Tables are the cells of all rows of the document's tables, by the heading
// above them. The rows of names and rules that a table begins with are left out.
func Tables(doc string) map[string][][]string {
	found := map[string][][]string{}
	heading, fenced, rows := "", false, 0
	for line := range strings.Lines(doc) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "```"):
			fenced = !fenced
		case fenced:
		case strings.HasPrefix(line, "#"):
			heading, rows = strings.TrimLeft(line, "# "), 0
		case !strings.HasPrefix(line, "|"):
			rows = 0
		default:
			if rows++; rows > 2 {
				found[heading] = append(found[heading], cells(line))
			}
		}
	}
	return found
}

func cells(row string) []string {
	cells := strings.Split(strings.Trim(row, "|"), "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells
}

// Meanings are what the document's tables of fields say of each, without the
// Markdown of links, by the heading above the table and the field's name.
func Meanings(doc string) map[string]map[string]string {
	found := map[string]map[string]string{}
	for heading, table := range Tables(doc) {
		found[heading] = map[string]string{}
		for _, cells := range table {
			name := strings.Trim(cells[0], "`")
			found[heading][name] = linkText.ReplaceAllString(cells[len(cells)-1], "$1")
		}
	}
	return found
}

// Blocks are the document's fenced blocks of a language, by the heading above
// them.
func Blocks(doc, language string) map[string][]string {
	found := map[string][]string{}
	heading, fenced := "", ""
	var block strings.Builder
	for line := range strings.Lines(doc) {
		switch fence, ok := strings.CutPrefix(strings.TrimSpace(line), "```"); {
		case ok && fenced != "":
			if fenced == language {
				found[heading] = append(found[heading], block.String())
			}
			fenced = ""
			block.Reset()
		case ok:
			fenced = fence
			if fenced == "" {
				fenced = "text"
			}
		case fenced != "":
			block.WriteString(line)
		case strings.HasPrefix(line, "#"):
			heading = strings.TrimLeft(strings.TrimSpace(line), "# ")
		}
	}
	return found
}
