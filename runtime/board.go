package runtime

import (
	"sync"
	"time"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/policy"
)

// board is where lanes find their next job and publishers their next task.
//
// A lane takes the first job of the first task that has one to give: a large
// stream is shared by all lanes, and as soon as it runs out of parts, lanes go
// on to the next. Streams of one part each keep every lane busy with another.
type board struct {
	mu      sync.Mutex
	changed *sync.Cond
	tasks   []*task
	left    int // tasks that are not published
	stopped bool
}

func newBoard(tasks []*task) *board {
	b := &board{tasks: tasks, left: len(tasks)}
	b.changed = sync.NewCond(&b.mu)
	return b
}

// job is what a lane does next: open or cut the task, or copy the part.
type job struct {
	task *task
	do   state // opening, cutting or copying
	part connectors.Part
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
		if lane < b.lanes() {
			if j, ok := b.next(); ok {
				return j, true
			}
		}
		b.changed.Wait()
	}
	return job{}, false
}

func (b *board) next() (job, bool) {
	for _, t := range b.tasks {
		if j, ok := t.job(); ok {
			return j, true
		}
	}
	return job{}, false
}

// lanes is the highest parallelism among the tasks that still have parts to
// copy.
func (b *board) lanes() int {
	n := 0
	for _, t := range b.tasks {
		if t.state < loaded {
			n = max(n, t.parallelism())
		}
	}
	return n
}

// job is the task's next job. The board's lock is held.
func (t *task) job() (job, bool) {
	switch {
	case t.state == waiting:
		t.state = opening
		t.enter()
		return job{task: t, do: opening}, true
	case t.state == copying && len(t.queue) > 0 && t.active < t.parallelism():
		part := t.queue[0]
		t.queue = t.queue[1:]
		t.enter()
		return job{task: t, do: copying, part: part}, true
	case t.state == copying && len(t.queue) == 0 && t.active == 0:
		t.state = cutting
		t.enter()
		return job{task: t, do: cutting}, true
	}
	return job{}, false
}

// add puts newly cut parts into the task's queue, under the setting. A cutter
// that has no more parts has loaded the task.
func (b *board) add(t *task, s policy.Setting, parts []connectors.Part) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t.setting = s
	t.queue = append(t.queue, parts...)
	t.issued = append(t.issued, parts...)
	t.state = copying
	if len(parts) == 0 {
		t.state = loaded
	}
	t.leave()
	b.changed.Broadcast()
}

// copied takes a part off a lane's hands.
func (b *board) copied(t *task) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t.leave()
	t.parts++
	b.changed.Broadcast()
}

// again puts parts back that a crash of the destination has undone.
func (b *board) again(t *task, parts []connectors.Part) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t.queue = append(t.queue, parts...)
	t.state = copying
	b.changed.Broadcast()
}

// toPublish waits for a task whose parts are all committed. There is none any
// more when it returns false.
func (b *board) toPublish() (*task, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		for _, t := range b.tasks {
			if t.state == loaded {
				t.state = publishing
				t.since = time.Now()
				return t, true
			}
		}
		if b.stopped || b.left == 0 {
			return nil, false
		}
		b.changed.Wait()
	}
}

// isPublished ends a task.
func (b *board) isPublished(t *task) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t.state = published
	t.publishTime = time.Since(t.since)
	b.left--
	b.changed.Broadcast()
}

// stop sends the lanes home, and the publishers when nothing is loaded.
func (b *board) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
	b.changed.Broadcast()
}

// moving calls f for each task that lanes are at work on.
func (b *board) moving(f func(t *task, lanes int)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.tasks {
		if t.state == copying || t.state == cutting {
			f(t, t.active)
		}
	}
}
