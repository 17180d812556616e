package main

import (
	"flag"
	"fmt"
	"strings"

	"github.com/rapidbyte/rbt/internal/testbed"
	"github.com/rapidbyte/rbt/policy"
)

// The knobs that are measured.
const (
	knobLanes  = "parallelism"
	knobMode   = "partition_mode"
	knobFlush  = "copy_flush_bytes"
	knobFormat = "copy_format"
)

// setting is one value for every knob.
type setting struct {
	Lanes  int    `json:"parallelism"`
	Mode   string `json:"partition_mode"`
	Flush  int    `json:"copy_flush_mib"`
	Format string `json:"copy_format"`
}

// chosen is a setting that rbt chose. Knobs that it does not know are not in it.
func chosen(s policy.Setting) setting {
	return setting{
		Lanes:  int(s[knobLanes].Int),
		Mode:   s[knobMode].Name,
		Flush:  int(s[knobFlush].Int >> 20),
		Format: s[knobFormat].Name,
	}
}

func (s setting) String() string {
	return fmt.Sprintf("%d lanes, %s, %d MiB, %s", s.Lanes, s.Mode, s.Flush, s.Format)
}

func (s setting) pins() []testbed.Pin {
	return []testbed.Pin{
		{Knob: knobLanes, Value: fmt.Sprint(s.Lanes)},
		{Knob: knobMode, Value: s.Mode},
		{Knob: knobFlush, Value: fmt.Sprintf("%dMiB", s.Flush)},
		{Knob: knobFormat, Value: s.Format},
	}
}

// grid are the settings to sweep: all combinations.
type grid struct {
	lanes, flushes []int
	modes, formats []string
}

// defaultGrid leaves out what tells least for its time: one lane and three lie on the line that the others show, and
// text loses on the table's numbers and times.
func defaultGrid() grid {
	return grid{
		lanes:   []int{2, 4, 6, 8, 12, 16},
		modes:   []string{"ctid", "range", "mod"},
		flushes: []int{4, 8, 16},
		formats: []string{"binary"},
	}
}

// flags lets the command line choose the grid.
func (g *grid) flags(f *flag.FlagSet) {
	ofNumbers := func(name, usage string, to *[]int) {
		f.Func(name, usage, func(s string) (err error) {
			*to, err = numbers(s)
			return err
		})
	}
	ofNames := func(name, usage string, to *[]string) {
		f.Func(name, usage, func(s string) error {
			*to = strings.Split(s, ",")
			return nil
		})
	}
	ofNumbers("lanes", "sweep these `numbers` of lanes (default 2,4,6,8,12,16)", &g.lanes)
	ofNames("modes", "sweep these partition `modes` (default ctid,range,mod)", &g.modes)
	ofNumbers("flushes", "sweep these flush sizes in `MiB` (default 4,8,16)", &g.flushes)
	ofNames("formats", "sweep these copy `formats` (default binary)", &g.formats)
}

func (g grid) settings() []setting {
	var all []setting
	for _, format := range g.formats {
		for _, mode := range g.modes {
			for _, flush := range g.flushes {
				for _, lanes := range g.lanes {
					all = append(all, setting{lanes, mode, flush, format})
				}
			}
		}
	}
	return all
}
