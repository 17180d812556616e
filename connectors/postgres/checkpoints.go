package postgres

// checkpointCounts is what a server tells of its checkpoints.
type checkpointCounts struct {
	// Begun is how many it began, or skipped because there was nothing to write;
	// Written how many pages it wrote in them; Spent how many milliseconds it took
	// for those that have ended. The checkpointer reports them when it pauses, up
	// to 0.1 s after the fact, and when a checkpoint has ended; in one that is
	// late, or was asked for by CHECKPOINT, it does not pause. Before 15 the
	// numbers can be half a second old besides.
	Begun, Written int64
	Spent          float64
	// End is the place in the log of the last one that has ended, as the control
	// file has it: this number is never late.
	End int64
	// Writing is what the checkpointer waits for. It is nil where the role may not
	// see that, which takes pg_read_all_stats, or where it waits for nothing.
	Writing *bool
}

// checkpointLog follows a server's checkpoints from one look to the next.
type checkpointLog struct {
	seen    bool // last is not the zero value
	last    checkpointCounts
	events  int64 // beginnings and ends that came to light
	writing bool  // a checkpoint is under way
}

// note takes the next look in.
func (l *checkpointLog) note(now checkpointCounts) {
	last, was := l.last, l.writing
	l.last = now
	if !l.seen {
		l.seen, l.writing = true, now.Writing != nil && *now.Writing
		return
	}
	events := max(0, now.Begun-last.Begun) // below 0 where somebody resets the statistics
	ended := now.End != last.End
	if ended {
		events++
	}
	switch {
	case now.Writing != nil:
		l.writing = *now.Writing
	case ended:
		l.writing = false
	case now.Written > last.Written && now.Spent == last.Spent:
		// Pages of a checkpoint that has ended are told with the time it took.
		l.writing = true
	}
	if l.writing != was && events == 0 {
		events = 1 // before its counters say so
	}
	l.events += events
}
