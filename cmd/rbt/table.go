package main

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// maxTable is how wide a printed table may become.
const maxTable = 80

// table is what a command prints as its result: columns under a heading, the
// first one to the left and shortened where the line would be too long, the
// others to the right.
type table struct {
	heading []string
	text    int        // from this column on to the left as well, and the lines as long as that takes; 0 is none
	rows    [][]string // nil is a rule, one cell alone a line of its own
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }
func (t *table) rule()               { t.rows = append(t.rows, nil) }

func (t *table) String() string {
	widths := t.widths()
	total := 2 * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	if over := total - maxTable; over > 0 && t.text == 0 {
		widths[0] = max(widths[0]-over, 8)
		total = maxTable
	}
	var b strings.Builder
	t.writeRow(&b, t.heading, widths)
	for _, row := range t.rows {
		switch len(row) {
		case 0:
			b.WriteString(strings.Repeat("-", total) + "\n")
		case 1:
			b.WriteString(row[0] + "\n")
		default:
			t.writeRow(&b, row, widths)
		}
	}
	return b.String()
}

func (t *table) widths() []int {
	widths := make([]int, len(t.heading))
	for _, row := range append([][]string{t.heading}, t.rows...) {
		if len(row) == 1 {
			continue
		}
		for i, cell := range row {
			widths[i] = max(widths[i], runewidth.StringWidth(cell))
		}
	}
	return widths
}

func (t *table) writeRow(b *strings.Builder, row []string, widths []int) {
	var line strings.Builder
	for i, cell := range row {
		if i == 0 {
			cell = elide(cell, widths[0])
		} else {
			line.WriteString("  ")
		}
		space := strings.Repeat(" ", max(0, widths[i]-runewidth.StringWidth(cell)))
		if i == 0 || t.text > 0 && i >= t.text {
			line.WriteString(cell + space)
		} else {
			line.WriteString(space + cell)
		}
	}
	b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
}
