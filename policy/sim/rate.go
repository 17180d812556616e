package sim

import (
	"math"

	"github.com/rapidbyte/rbt/policy"
)

// Partition modes, as the PostgreSQL source names them.
const (
	modeCtid  = "ctid"
	modeRange = "range"
	modeMod   = "mod"
)

// cell is a setting as the model needs it.
type cell struct {
	lanes float64
	mode  string
	flush float64 // MB
}

func cellOf(s policy.Setting) cell {
	return cell{
		lanes: float64(s[knobLanes].Int),
		mode:  s[knobMode].Name,
		flush: float64(s[knobFlush].Int) / (1 << 20),
	}
}

// steady is the rate of a setting in MB/s when nothing disturbs it. perFlush is
// how many MB a lane moves for each time that it waits for a flush: the cell's
// flush size in the long run.
//
//	one lane   w   = 1 / (1/source ⊓ 1/(load + flush))
//	all lanes  agg = P·w / (1 + a(P-1) + b·P(P-1))            the universal scalability law
//	           X   = (agg ⊓ cap) / (1 + g·max(0, agg/cap - 1))
//
// where cap is the resource that all lanes share and that is full first, and ⊓
// a minimum with round corners.
func (e *Environment) steady(c cell, perFlush float64) float64 {
	x, _ := e.flow(c, perFlush)
	return x
}

// flow is the rate, and the share of their time that the lanes wait for
// flushes. Lanes in each other's way are slower at all they do, waiting
// included.
func (e *Environment) flow(c cell, perFlush float64) (x, flushing float64) {
	if e.Flat > 0 {
		return e.Flat, 0
	}
	flush := e.flushSeconds() / perFlush
	load := 1 / (1/softMin(e.perSecond(e.LoadCost), e.Connection) + flush)
	w := softMin(e.perSecond(e.readCost(c)), load)
	p := e.effectiveLanes(c)
	agg := p * w / (1 + e.Contention*(p-1) + e.Crosstalk*p*(p-1))
	limit := e.limit(c)
	x = softMin(agg, limit) / (1 + e.Overload*max(0, agg/limit-1))
	flushing = flush * w * x / agg
	switch {
	case !e.fits(c):
		x *= swapping
	case c.mode == e.Troubled:
		x *= retrying
	}
	return x, flushing
}

const (
	swapping = 0.5 // share of the rate that is left where memory is short
	retrying = 0.5 // and where parts are copied again and again
)

// perSecond is the rate in MB/s of one process to which a row costs that many
// microseconds.
func (e *Environment) perSecond(cost float64) float64 { return 1000 * e.Row / cost }

// readCost is what a row costs a process of the source, waiting for the disk
// included.
func (e *Environment) readCost(c cell) float64 {
	switch c.mode {
	case modeRange:
		return e.ScanCost + e.SendCost + e.scattered()*e.RandomRead
	case modeMod: // every lane reads all rows and sends its own
		return c.lanes*e.ScanCost + e.SendCost
	default:
		return e.ScanCost + e.SendCost
	}
}

// scattered is the share of rows that a key range has to fetch from a block
// somewhere else on the disk.
func (e *Environment) scattered() float64 {
	return (1 - e.Correlation*e.Correlation) * (1 - e.Cached)
}

// effectiveLanes is how many equal lanes do as much.
func (e *Environment) effectiveLanes(c cell) float64 {
	p := c.lanes
	if e.SlowLane {
		p -= 0.75 // the others take what it leaves in the queue
	}
	if c.mode == modeRange {
		p /= 1 + e.Skew*(p-1)
	}
	return p
}

// limit is what the shared resources let through.
func (e *Environment) limit(c cell) float64 {
	return softMin(e.sourceLimit(c), e.Link,
		e.RelayCPUs*e.perSecond(e.RelayCost), e.DestCPUs*e.perSecond(e.LoadCost), e.Log)
}

// sourceLimit is what the source's processors and disk let through.
func (e *Environment) sourceLimit(c cell) float64 {
	cpu, io := e.ScanCost+e.SendCost, 1.0
	switch c.mode {
	case modeRange:
		io += 3 * e.scattered()
	case modeMod:
		cpu = c.lanes*e.ScanCost + e.SendCost
		io = math.Pow(c.lanes, 1-e.SharedScan)
	}
	return softMin(e.SourceCPUs*e.perSecond(cpu), e.SourceDisk/io)
}

// sourceShare is the share of their time that lanes wait for rows at a rate:
// what the source and the link need to deliver them, and the lanes whose key
// range has no more.
func (e *Environment) sourceShare(c cell, rate float64) float64 {
	supply := softMin(e.effectiveLanes(c)*e.perSecond(e.readCost(c)), e.sourceLimit(c), e.Link)
	busy := min(1, e.effectiveLanes(c)/c.lanes)
	return 1 - busy*(1-min(1, rate/supply))
}

// sourceRoundTrip is how long, in seconds, the source takes at a rate to answer
// a question that asks nothing: the link's round trip, and in front of it a turn
// in the queue for what the source is short of, as at one server whose customers
// come at random: turn·busy / (1 - busy).
func (e *Environment) sourceRoundTrip(c cell, rate float64) float64 {
	busy := min(rate/e.sourceLimit(c), busiest)
	return e.RoundTrip/1000 + turn*busy/(1-busy)
}

// Guesses, from the time slices of a scheduler.
const (
	turn    = 0.001 // s that whoever is in front takes
	busiest = 0.98  // what the queue ends at: lanes wait for each other
)

// memory is what a setting makes resident, in MB.
func (c cell) memory() float64 { return 2*c.lanes*c.flush + 64 }

func (e *Environment) fits(c cell) bool { return c.memory() <= e.Memory }

// softMin is the minimum with round corners: where two resources are about
// equally full, neither is used up. It is the p-norm with p = -8.
func softMin(rates ...float64) float64 {
	sum := 0.0
	for _, r := range rates {
		inverse := 1 / r
		squared := inverse * inverse
		fourth := squared * squared
		sum += fourth * fourth
	}
	return 1 / math.Sqrt(math.Sqrt(math.Sqrt(sum)))
}
