package main

import (
	"fmt"

	"github.com/rapidbyte/rbt/internal/testbed"
)

// arm is a way to run rbt that is compared with others.
type arm struct {
	name  string
	lanes int // to begin with; 0 is rbt's own choice
	pins  []testbed.Pin
	tune  bool
}

// fixed runs with a setting from the beginning to the end.
func fixed(s setting) arm { return arm{name: s.String(), pins: s.pins()} }

// untuned is rbt without a search; tuned is with one. Both begin with a number of lanes.
func untuned(lanes int) arm { return arm{name: "untuned" + from(lanes), lanes: lanes} }
func tuned(lanes int) arm   { return arm{name: "tuned" + from(lanes), lanes: lanes, tune: true} }

func from(lanes int) string {
	if lanes == 0 {
		return ""
	}
	return fmt.Sprintf(" from %d lanes", lanes)
}

// pinned is rbt with a search that has nothing to choose.
func pinned(s setting) arm { return arm{name: "pinned", pins: s.pins(), tune: true} }

// defaultSetting is what rbt takes untuned for the tables of this benchmark.
func defaultSetting() setting { return setting{4, "ctid", 8, "binary"} }
