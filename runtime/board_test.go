package runtime

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// idle is a task with a parallelism.
func idle(name string, lanes int64) *task {
	return newTask(StreamPlan{
		Stream:   &connectors.Stream{Spec: connectors.StreamSpec{Name: name}},
		Target:   &connectors.Target{},
		Baseline: policy.Setting{Parallelism: policy.IntValue(lanes)},
	})
}

// offer says what lane would be given now, without waiting.
func offer(b *board, lane int) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.wants(lane) {
		return "rest"
	}
	j, ok := b.next()
	if !ok {
		return "wait"
	}
	do := map[deed]string{toOpen: "open", toCopy: "copy", toCut: "cut"}[j.do]
	if j.do == toCopy {
		return fmt.Sprintf("%s %s %d", do, j.task.name(), j.part.Mark)
	}
	return do + " " + j.task.name()
}

// TestBoard is a story: what each lane is given in turn, and what it makes of it.
func TestBoard(t *testing.T) {
	large, small := idle("large", 3), idle("small", 2)
	b := newBoard([]*task{large, small}, &scene{})
	cut := func(t *task, marks ...int64) func() {
		var parts []connectors.Part
		for _, m := range marks {
			parts = append(parts, connectors.Part{Mark: m})
		}
		return func() { b.add(t, region{setting: t.plan.Baseline}, parts) }
	}
	copied := func(t *task) func() { return func() { b.copied(job{task: t}) } }
	nothing := func() {}
	published := func(want *task) func() {
		return func() {
			got, ok := b.toPublish()
			if !ok || got != want {
				t.Errorf("to publish: %v", got)
			}
			b.isPublished(got)
		}
	}
	for i, step := range []struct {
		lane int
		want string
		then func()
	}{
		{0, "open large", nothing},
		{1, "open small", nothing}, // while the large one is opened
		{2, "wait", cut(large, 1, 2, 3, 4)},
		{3, "rest", nothing}, // three lanes are the most that any task wants
		{2, "copy large 1", cut(small, 1)},
		{0, "copy large 2", nothing},
		{1, "copy large 3", nothing},    // the large one first
		{0, "copy small 1", nothing},    // three are at work on the large one
		{0, "cut small", copied(large)}, // ahead of the last part
		{2, "copy large 4", copied(large)},
		{1, "cut large", cut(large)}, // no more, but parts are under way
		{1, "wait", cut(small, 2)},
		{1, "copy small 2", copied(large)},
		{2, "cut small", copied(large)}, // the large one is loaded
		{2, "rest", published(large)},   // two lanes are what is left of use
		{0, "wait", cut(small)},
		{1, "wait", copied(small)},
		{1, "wait", copied(small)},
		{0, "rest", func() { // a crash of the destination undid a part
			got, _ := b.toPublish()
			b.again(got, []connectors.Part{{Mark: 1}})
		}},
		{0, "copy small 1", copied(small)},
		{1, "rest", published(small)},
	} {
		if got := offer(b, step.lane); got != step.want {
			t.Fatalf("step %d: lane %d is given %q, want %q", i, step.lane, got, step.want)
		}
		step.then()
	}
	if _, ok := b.claim(0); ok || b.left != 0 {
		t.Errorf("%d tasks are left", b.left)
	}
}

// TestBoardOrder holds that a task is published after those that it refers to, and
// that tasks which refer to each other do not wait for ever.
func TestBoardOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tasks := make([]*task, rapid.IntRange(1, 6).Draw(t, "tasks"))
		for i := range tasks {
			tasks[i] = idle(fmt.Sprint(i), 1)
			for _, n := range rapid.SliceOfN(rapid.IntRange(0, len(tasks)), 0, 3).Draw(t, "refers to") {
				tasks[i].plan.Target.RefersTo = append(tasks[i].plan.Target.RefersTo, fmt.Sprint(n))
			}
		}
		b := newBoard(tasks, &scene{})
		var publishing []*task
		for b.left > 0 {
			b.mu.Lock()
			i := b.publishable()
			b.mu.Unlock()
			var unloaded []*task
			for _, one := range tasks {
				if one.state < loaded {
					unloaded = append(unloaded, one)
				}
			}
			switch {
			case i >= 0 && rapid.Bool().Draw(t, "publish"):
				chosen := b.loaded[i]
				round := len(b.loaded) == b.left && !slices.ContainsFunc(b.loaded, func(t *task) bool { return t.waitsFor() == nil })
				one, _ := b.toPublish()
				if one != chosen {
					t.Fatalf("published %s, not %s", one.name(), chosen.name())
				}
				if one.waitsFor() != nil && !(round && refersToItself(one)) {
					t.Fatalf("%s is published before %s", one.name(), one.waitsFor().name())
				}
				publishing = append(publishing, one)
			case len(publishing) > 0 && rapid.Bool().Draw(t, "done"):
				b.isPublished(publishing[0])
				publishing = publishing[1:]
			case len(unloaded) > 0:
				one := rapid.SampledFrom(unloaded).Draw(t, "loaded")
				if one.state == waiting {
					one.state = opening
					one.enter()
					b.add(one, region{setting: one.plan.Baseline}, nil)
				}
			case i < 0 && len(publishing) == 0:
				t.Fatal("all wait")
			}
		}
	})
}

// refersToItself reports whether a task waits, over others that are not published,
// for itself.
func refersToItself(t *task) bool {
	seen := map[*task]bool{}
	var reaches func(from *task) bool
	reaches = func(from *task) bool {
		for _, other := range from.refersTo {
			if other == t {
				return true
			}
			if other.state != published && !seen[other] {
				seen[other] = true
				if reaches(other) {
					return true
				}
			}
		}
		return false
	}
	return reaches(t)
}

// TestBoardLists holds that the board looks at those tasks, and counts those lanes,
// that a look at all tasks would find, whatever comes of the jobs that it gives.
func TestBoardLists(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lanes := rapid.Int64Range(1, 4)
		var tasks []*task
		for i := range rapid.IntRange(1, 5).Draw(t, "tasks") {
			tasks = append(tasks, idle(fmt.Sprint(i), lanes.Draw(t, "lanes")))
		}
		b := newBoard(tasks, &scene{})
		var running []job
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch j, ok := b.next(); {
			case ok && rapid.Bool().Draw(t, "later"):
				running = append(running, j)
			case ok && j.do == toCopy:
				b.copied(j)
			case ok:
				g := region{setting: policy.Setting{Parallelism: policy.IntValue(lanes.Draw(t, "other lanes"))}}
				b.add(j.task, g, make([]connectors.Part, rapid.IntRange(0, 3).Draw(t, "parts")))
			case len(running) > 0:
				j, running = running[0], running[1:]
				if j.do == toCopy {
					b.copied(j)
				} else {
					b.add(j.task, region{}, nil)
				}
			case len(b.loaded) > 0:
				if got, _ := b.toPublish(); rapid.Bool().Draw(t, "crash") {
					b.again(got, make([]connectors.Part, 1))
				} else {
					b.isPublished(got)
				}
			}
			look(t, b, tasks)
		}
	})
}

// look compares the board's lists with the tasks' states.
func look(t *rapid.T, b *board, tasks []*task) {
	var open, ready []string
	most := 0
	for _, one := range tasks {
		if one.state < loaded {
			open, most = append(open, one.name()), max(most, one.parallelism())
		} else if one.state == loaded {
			ready = append(ready, one.name())
		}
	}
	names := func(list []*task) (names []string) {
		for _, one := range list {
			names = append(names, one.name())
		}
		return names
	}
	want, got := []any{open, ready, most}, []any{names(b.open), names(b.loaded), b.lanes()}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("open, loaded, lanes (-want +got):\n%s", diff)
	}
}

// TestBoardProbing is a story of a stream in its probe phase: it has the lanes
// for itself, and windows follow each other without a pause.
func TestBoardProbing(t *testing.T) {
	large, small := idle("large", 2), idle("small", 2)
	large.tuner = &controller{}
	s := &scene{}
	b := newBoard([]*task{large, small}, s)
	var windows []*window
	window := func(lanes int64, marks ...int64) func() {
		g := region{setting: policy.Setting{Parallelism: policy.IntValue(lanes)}}
		g.window = newWindow(probe.Run{}, len(windows)+1, time.Now(), s)
		windows = append(windows, g.window)
		var parts []connectors.Part
		for _, m := range marks {
			parts = append(parts, connectors.Part{Mark: m})
		}
		return func() { b.add(large, g, parts) }
	}
	steady := func() {
		b.add(large, region{setting: large.plan.Baseline, steady: true}, []connectors.Part{{Mark: 9}})
	}
	dry := func(w int) func() { return func() { b.dry(job{task: large, piece: piece{window: windows[w-1]}}) } }
	copied := func(w int) func() { return func() { b.copied(job{task: large, piece: piece{window: windows[w-1]}}) } }
	for i, step := range []struct {
		lane int
		want string
		then func()
	}{
		{0, "open large", func() {}},
		{1, "wait", window(2, 1, 2)}, // nothing else begins while it is opened
		{0, "copy large 1", func() {}},
		{1, "copy large 2", func() {}},
		{1, "wait", dry(1)}, // the first lane has handed over its part: the window is over
		{0, "cut large", window(1, 3)},
		{0, "wait", copied(1)}, // one lane is all that the next window wants
		{0, "wait", copied(1)},
		{0, "copy large 3", func() {}},
		{1, "wait", dry(2)}, // and not the small one
		{1, "cut large", steady},
		{0, "copy large 9", func() {}},
		{1, "cut large", func() { b.add(large, region{}, nil) }},
		{1, "open small", func() {}}, // the rest of the large one is under way
	} {
		if got := offer(b, step.lane); got != step.want {
			t.Fatalf("step %d: lane %d is given %q, want %q", i, step.lane, got, step.want)
		}
		step.then()
	}
}

// TestProgress holds that the parts of windows, which are cut one by one, are
// not taken for all that there is.
func TestProgress(t *testing.T) {
	large := idle("large", 1)
	large.plan.Stream.Rows, large.plan.Stream.Bytes = -1, 1000
	b := newBoard([]*task{large}, &scene{})
	offer(b, 0)
	b.add(large, region{setting: large.plan.Baseline}, []connectors.Part{{Mark: 1, Bytes: 100}})
	offer(b, 0)
	b.copied(job{task: large, piece: piece{part: connectors.Part{Mark: 1, Bytes: 100}}})
	if got := large.progress(0).Fraction; got != 0.1 {
		t.Errorf("the fraction is %v, want 0.1", got)
	}
}

// TestBoardUndone holds that parts that a crash undid disturb the window that
// another stream is measured in.
func TestBoardUndone(t *testing.T) {
	s := &scene{}
	large := idle("large", 2)
	b := newBoard([]*task{large}, s)
	before := s.events.Load()
	b.again(large, []connectors.Part{{Mark: 1}})
	if s.events.Load() == before {
		t.Error("nothing tells the window")
	}
}

func TestResolve(t *testing.T) {
	mode := connectors.Choice{
		Knob: policy.Knob{Name: "mode", Kind: policy.Enum, Values: []string{"a", "b"}},
		Best: policy.EnumValue("a"), Why: "facts", WhyNot: map[string]string{"c": "it has no c"},
	}
	pin := func(v string) policy.Setting { return policy.Setting{"mode": policy.EnumValue(v)} }
	for _, tc := range []struct {
		name     string
		own, all policy.Setting
		want     string
	}{
		{"no pin", nil, nil, "a: facts"},
		{"own pin", pin("b"), nil, "b: pinned"},
		{"own pin over the pin for all", pin("b"), pin("a"), "b: pinned"},
		{"pin for all", nil, pin("b"), "b: pinned"},
		{"own pin that cannot be", pin("c"), nil, "a: facts; problem: mode is pinned to c, but it has no c"},
		{"own pin that is nothing", pin("x"), nil, "a: facts; problem: mode is pinned to x, but mode must be one of a, b, not x"},
		{"pin for all that cannot be", nil, pin("c"), "a: the pin to c does not apply (it has no c); facts"},
	} {
		p := StreamPlan{Pins: policy.Setting{}, Baseline: policy.Setting{}, Reasons: map[string]string{}, Bounds: map[string]string{}}
		p.resolve(mode, tc.own, tc.all)
		got := p.Baseline["mode"].Name + ": " + p.Reasons["mode"]
		if len(p.Problems) > 0 {
			got += "; problem: " + strings.Join(p.Problems, "; ")
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
		if _, pinned := p.Pins["mode"]; pinned != slices.Contains([]string{"b: pinned"}, got) {
			t.Errorf("%s: pins %v", tc.name, p.Pins)
		}
	}
}

// TestFull holds that while no more lanes get connections, those that have some
// do the work, whichever they are, and as many as it is for.
func TestFull(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const all = 8
		lanes := rapid.Int64Range(1, all).Draw(t, "lanes")
		b := newBoard([]*task{idle("orders", lanes)}, &scene{})
		linked := rapid.SliceOfNDistinct(rapid.IntRange(0, all-1), 1, all, rapid.ID).Draw(t, "linked")
		for _, n := range linked {
			b.link(n)
		}
		b.claim(0) // to open it
		for i := range rapid.IntRange(1, 3).Draw(t, "without") {
			b.scene.busy.Add(1)
			b.open[0].enter()
			if first := b.giveBack(job{task: b.open[0], do: toCopy}, 0); first != (i == 0) {
				t.Errorf("lane %d says that there are no more for a while: %v", i, first)
			}
		}
		var wanted int
		for n := range all {
			switch {
			case !b.wants(n):
			case !slices.Contains(linked, n):
				t.Errorf("lane %d gets jobs without connections", n)
			default:
				wanted++
			}
		}
		if want := min(int(lanes), len(linked)); wanted != want {
			t.Errorf("%d lanes, %v linked: %d lanes get jobs, want %d", lanes, linked, wanted, want)
		}
		b.full = time.Now()
		for n := range all {
			if b.wants(n) != (int64(n) < lanes) {
				t.Errorf("afterwards, lane %d gets jobs: %v", n, b.wants(n))
			}
		}
	})
}

// TestAlone holds that a task knows whether another one's parts are being copied.
func TestAlone(t *testing.T) {
	large, small := idle("large", 3), idle("small", 3)
	b := newBoard([]*task{large, small}, &scene{})
	add := func(t *task, n int) { b.add(t, region{setting: t.plan.Baseline}, make([]connectors.Part, n)) }
	b.claim(0)
	add(large, 1)
	one, _ := b.claim(0)
	two, _ := b.claim(1)
	if two.do != toCut || !b.alone(large) {
		t.Errorf("%v; alone: %v, want so while its own part is copied", two, b.alone(large))
	}
	add(large, 0)
	if j, _ := b.claim(1); j.task != small || b.alone(small) {
		t.Errorf("%v; alone: %v, want not beside a part of another", j, b.alone(small))
	}
	b.copied(one)
	if !b.alone(small) {
		t.Error("not alone when the other's part is copied")
	}
}
