package runtime

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rapidbyte/rbt/connectors"
)

// board is where lanes find their next job and publishers their next task.
//
// A lane takes the first job of the first task that has one to give: a large
// stream is shared by all lanes, and as soon as it runs out of parts, lanes go
// on to the next. Streams of one part each keep every lane busy with another.
//
// A stream in its probe phase has the lanes for itself: what others do meanwhile
// would be measured with it.
//
// A run may have thousands of tasks, and everybody who waits looks at the board
// each time that it changes. So what is done with is not looked at again.
type board struct {
	mu      sync.Mutex
	changed *sync.Cond
	open    []*task     // the tasks with parts that are not committed, by rank
	loaded  []*task     // those that wait for a publisher, by rank
	wanted  map[int]int // by parallelism, how many of the open tasks have it
	left    int         // tasks that are not published
	stopped bool
	links   map[int]bool   // the lanes that have connections
	errands map[int]errand // what lanes copy now
	full    time.Time      // until when lanes without connections get no jobs
	scene   *scene
}

func newBoard(tasks []*task, s *scene) *board {
	b := &board{wanted: map[int]int{}, left: len(tasks), links: map[int]bool{}, errands: map[int]errand{}, scene: s}
	b.changed = sync.NewCond(&b.mu)
	byName := map[string]*task{}
	for i, t := range tasks {
		t.rank = i
		b.reopen(t)
		byName[t.name()] = t
	}
	for _, t := range tasks {
		for _, name := range t.plan.Target.RefersTo {
			if other := byName[name]; other != nil { // else an earlier moment has published it
				t.refersTo = append(t.refersTo, other)
			}
		}
	}
	return b
}

// job is what a lane does next.
type job struct {
	task *task
	do   deed
	piece
}

// deed is what a lane does for a task.
type deed int

const (
	toOpen deed = iota // make the staging table ready and cut the first parts
	toCut              // cut the next parts
	toCopy             // copy the part
)

// piece is a part that waits for a lane, with the window that it belongs to;
// nil where it belongs to none.
type piece struct {
	part   connectors.Part
	window *window
}

// claim waits for a job for the lane. There is none any more when it returns
// false.
//
// Only as many lanes as the highest parallelism asks for get any, the ones
// with the lowest numbers: a lane that never worked has no connections.
func (b *board) claim(lane int) (job, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for !b.stopped && b.left > 0 {
		if b.wants(lane) {
			if j, ok := b.next(); ok {
				return j, true
			}
		}
		b.changed.Wait()
	}
	return job{}, false
}

func (b *board) next() (job, bool) {
	for _, t := range b.open {
		if j, ok := t.job(); ok {
			if j.do == toCopy {
				b.scene.busy.Add(1)
			}
			return j, true
		}
		if t.probing() {
			return job{}, false
		}
	}
	return job{}, false
}

// wants reports whether the lane is one of those that get jobs. While lanes get
// no connections it takes one that has them. b.mu is held.
func (b *board) wants(lane int) bool {
	if !time.Now().Before(b.full) {
		return lane < b.lanes()
	}
	before := 0
	for n := range b.links {
		if n < lane {
			before++
		}
	}
	return b.links[lane] && before < b.lanes()
}

// lanes is the highest parallelism among the open tasks.
func (b *board) lanes() int {
	n := 0
	for parallelism := range b.wanted {
		n = max(n, parallelism)
	}
	return n
}

// want counts an open task in, by 1, or out, by -1. b.mu is held.
func (b *board) want(t *task, by int) {
	p := t.parallelism()
	if b.wanted[p] += by; b.wanted[p] == 0 {
		delete(b.wanted, p)
	}
}

// reopen puts a task among the open ones. b.mu is held.
func (b *board) reopen(t *task) {
	if at, there := slices.BinarySearchFunc(b.open, t, byRank); !there {
		b.open = slices.Insert(b.open, at, t)
		b.want(t, 1)
	}
}

// shut takes a task away from the open ones. b.mu is held.
func (b *board) shut(t *task) {
	if at, there := slices.BinarySearchFunc(b.open, t, byRank); there {
		b.open = slices.Delete(b.open, at, at+1)
		b.want(t, -1)
	}
}

func byRank(a, b *task) int { return cmp.Compare(a.rank, b.rank) }

// job is the task's next job. The board's lock is held.
func (t *task) job() (job, bool) {
	switch {
	case t.state == waiting:
		t.state = opening
		t.enter()
		return job{task: t, do: toOpen}, true
	case t.state != copying:
		return job{}, false
	case len(t.queue) > 0 && t.active < t.parallelism():
		next := t.queue[0]
		t.queue = t.queue[1:]
		t.enter()
		next.window.enter()
		return job{task: t, do: toCopy, piece: next}, true
	case len(t.queue) == 0 && !t.cutting && !t.exhausted && !t.window.isOpen():
		t.cutting = true
		t.enter()
		return job{task: t, do: toCut}, true
	}
	return job{}, false
}

// add puts the parts of a region into the task's queue. A cutter that has no
// more parts has exhausted the task.
func (b *board) add(t *task, g region, parts []connectors.Part) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(parts) == 0 {
		t.exhausted, t.window = true, nil
	} else {
		b.want(t, -1)
		t.setting, t.window, t.steady = g.setting, g.window, g.steady
		b.want(t, 1)
	}
	for _, p := range parts {
		t.queue = append(t.queue, piece{p, g.window})
	}
	t.issued = append(t.issued, parts...)
	if t.state == opening {
		t.state = copying
		b.scene.events.Add(1)
	}
	t.cutting = false
	t.leave()
	b.settle(t)
}

// copied takes a part off a lane's hands.
func (b *board) copied(j job) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.scene.busy.Add(-1)
	if len(j.task.queue) == 0 {
		j.window.close() // where an earlier try had committed the part after all
	}
	j.window.leave()
	j.task.leave()
	j.task.parts++
	j.task.stored += j.part.Bytes
	b.settle(j.task)
}

// A lane that got no connection after some time has cost its part as much. So
// others try again after fullTimes as long: they cost a tenth of it at most. An
// error that comes at once is not tried again sooner than after leastFull.
const (
	fullTimes = 10
	leastFull = 10 * time.Second
)

// giveBack takes back the part of a lane that got no connection after so long.
// For a while, only lanes with connections get jobs; it reports whether that is
// new. There are such lanes: one that loses its connection does not give its part
// back unless another has one.
func (b *board) giveBack(j job, after time.Duration) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.scene.busy.Add(-1)
	j.window.leave()
	j.task.queue = slices.Insert(j.task.queue, 0, j.piece)
	j.task.leave()
	b.changed.Broadcast()
	if now := time.Now(); !now.Before(b.full) {
		b.full = now.Add(max(fullTimes*after, leastFull))
		return true
	}
	return false
}

// link notes that a lane has its connections, and unlink that it has none.
func (b *board) link(lane int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.links[lane] = true
}

func (b *board) unlink(lane int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.links, lane)
}

// linked is how many lanes have connections.
func (b *board) linked() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.links)
}

// errand is a part on its way.
type errand struct {
	task         *task
	source, dest uint32       // the sessions
	reads        *atomic.Bool // the lane waits for the source
	writes       *atomic.Bool // the lane waits for the destination
}

// begins notes that a lane copies a part, and ends that it does not any more.
func (b *board) begins(lane int, e errand) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.errands[lane] = e
}

func (b *board) ends(lane int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.errands, lane)
}

// underWay are the parts on their way.
func (b *board) underWay() []errand {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Collect(maps.Values(b.errands))
}

// alone reports whether no lane copies anything of another task. A lane that cuts
// the task asks.
func (b *board) alone(t *task) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return int(b.scene.busy.Load()) < t.active
}

// settle notes whether every part is committed. b.mu is held.
func (b *board) settle(t *task) {
	if t.exhausted && len(t.queue) == 0 && t.active == 0 {
		t.state = loaded
		b.shut(t)
		at, _ := slices.BinarySearchFunc(b.loaded, t, byRank)
		b.loaded = slices.Insert(b.loaded, at, t)
	}
	b.changed.Broadcast()
}

// dry says that a lane has handed over all of its part: where no other part of
// the window waits, measuring ends, and the next parts may be cut.
func (b *board) dry(j job) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(j.task.queue) == 0 && j.window.close() {
		b.changed.Broadcast()
	}
}

// again puts parts back that a crash of the destination has undone.
func (b *board) again(t *task, parts []connectors.Part) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range parts {
		t.queue = append(t.queue, piece{part: p})
	}
	t.state = copying
	b.reopen(t)
	b.scene.events.Add(1)
	b.changed.Broadcast()
}

// toPublish waits for a task whose parts are all committed. There is none any
// more when it returns false.
func (b *board) toPublish() (*task, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		if i := b.publishable(); i >= 0 {
			t := b.loaded[i]
			b.loaded = slices.Delete(b.loaded, i, i+1)
			t.state = publishing
			t.since = time.Now()
			b.scene.events.Add(1)
			return t, true
		}
		if b.stopped || b.left == 0 {
			return nil, false
		}
		b.changed.Wait()
	}
}

// publishable is the first of the loaded tasks that refers to none which is yet to
// be published; -1 where there is none. Where all that is left waits, it is one of
// those that wait for each other.
func (b *board) publishable() int {
	i := slices.IndexFunc(b.loaded, func(t *task) bool { return t.waitsFor() == nil })
	if i >= 0 || len(b.loaded) == 0 || len(b.loaded) < b.left {
		return i
	}
	t := b.loaded[0]
	for range b.loaded { // from task to task, until it goes round
		t = t.waitsFor()
	}
	return slices.Index(b.loaded, t)
}

// isPublished ends a task.
func (b *board) isPublished(t *task) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t.state = published
	t.publishTime = time.Since(t.since)
	b.scene.events.Add(1)
	b.left--
	b.changed.Broadcast()
}

// fails notes whose error it is that ends the run, where it is one.
func (b *board) fails(ctx context.Context, t *task) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t.failed = ctx.Err() == nil
}

// stop sends the lanes home, and the publishers when nothing is loaded.
func (b *board) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
	b.changed.Broadcast()
}

// probing reports whether a task is in its probe phase.
func (b *board) probing() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.open, (*task).probing)
}

// moving calls f for each task that lanes are at work on.
func (b *board) moving(f func(t *task, lanes int)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.open {
		if t.state == copying {
			f(t, t.active)
		}
	}
}
