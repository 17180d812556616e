package hcl

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// maxPrinted is how many mistakes an error prints: a page or two. More come
// from one early slip, most of the time.
const maxPrinted = 20

// maxKept is how many mistakes are kept at all; those after it are counted. A
// megabyte of garbage has a mistake in every other byte.
const maxKept = 1000

// Pos is a place in a pipeline file. Line and Column count from 1; a Line of 0
// stands for the file as a whole. Column counts characters.
type Pos struct {
	File         string
	Line, Column int
}

func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Diagnostic is one mistake.
type Diagnostic struct {
	Pos     Pos
	Message string // what is wrong
	Hint    string // what would be right; may be empty

	from, to int // bytes of the source to underline
}

// Diagnostics is the error of a pipeline file: all mistakes in it, in the
// order of the file. Passwords are masked in the excerpts.
type Diagnostics struct {
	list    []Diagnostic
	dropped int // mistakes beyond maxKept
	src     *source
}

// All returns the mistakes, the first 1000 if there are more.
func (d *Diagnostics) All() []Diagnostic { return slices.Clone(d.list) }

// Error prints the mistakes, each with an excerpt of the file.
func (d *Diagnostics) Error() string {
	var b strings.Builder
	d.write(&b, false)
	return strings.TrimSuffix(b.String(), "\n")
}

// Report prints an error of this package for people. Other errors are printed
// on a line of their own.
func Report(w io.Writer, err error, color bool) {
	if d, ok := errors.AsType[*Diagnostics](err); ok {
		d.write(w, color)
		return
	}
	fmt.Fprintln(w, err)
}

// ErrorAt returns an error that points at a place of the pipeline's file, for
// mistakes that show only later, such as a table that the source lacks.
func (p *Pipeline) ErrorAt(pos Pos, message, hint string) error {
	from := p.src.offset(pos)
	d := diagnostic(pos, message, hint)
	d.from, d.to = from, from+1
	return &Diagnostics{list: []Diagnostic{d}, src: p.src}
}

func diagnostic(pos Pos, message, hint string) Diagnostic {
	return Diagnostic{Pos: pos, Message: clean(message), Hint: clean(hint)}
}

// add notes a mistake. A nil range stands for the file as a whole.
func (d *Diagnostics) add(rng *hcl.Range, message, hint string) {
	if len(d.list) == maxKept {
		d.dropped++
		return
	}
	pos := Pos{File: d.src.file}
	if rng != nil {
		pos = posOf(*rng)
	}
	diag := diagnostic(pos, message, hint)
	if rng != nil {
		diag.from, diag.to = rng.Start.Byte, rng.End.Byte
	}
	d.list = append(d.list, diag)
}

// addSyntax notes what the HCL parser found.
func (d *Diagnostics) addSyntax(found hcl.Diagnostics) {
	for _, f := range found {
		message := strings.ToLower(f.Summary[:1]) + f.Summary[1:]
		d.add(f.Subject, message, f.Detail)
	}
}

// err returns d in the order of the file, or nil if there is no mistake.
func (d *Diagnostics) err() error {
	if len(d.list) == 0 {
		return nil
	}
	slices.SortStableFunc(d.list, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column))
	})
	d.list = slices.Compact(d.list)
	return d
}

func (d *Diagnostics) write(w io.Writer, color bool) {
	paint := func(code, s string) string {
		if !color {
			return s
		}
		return "\x1b[" + code + "m" + s + "\x1b[0m"
	}
	for i, diag := range d.list {
		if i == maxPrinted {
			fmt.Fprintf(w, "… and %d more\n", len(d.list)-maxPrinted+d.dropped)
			return
		}
		fmt.Fprintf(w, "%s: %s\n", paint("1", clean(diag.Pos.String())), paint("1;31", diag.Message))
		gutter := "  "
		if diag.Pos.Line > 0 {
			line, from, to := d.src.excerpt(diag.from, diag.to)
			number := fmt.Sprintf("%5d", diag.Pos.Line)
			gutter = strings.Repeat(" ", len(number))
			fmt.Fprintf(w, "%s | %s\n", number, line)
			fmt.Fprintf(w, "%s | %s%s\n", gutter, strings.Repeat(" ", from), paint("31", strings.Repeat("^", to-from)))
		}
		if diag.Hint != "" {
			fmt.Fprintf(w, "%s = %s\n", gutter, diag.Hint)
		}
	}
}

func posOf(r hcl.Range) Pos { return Pos{r.Filename, r.Start.Line, r.Start.Column} }
