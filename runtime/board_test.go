package runtime

import (
	"testing"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/policy"
)

// TestBoardLimitsLanes holds that a task has no more lanes than its
// parallelism, and all tasks together no more than the highest.
func TestBoardLimitsLanes(t *testing.T) {
	lanes := func(n int64) policy.Setting { return policy.Setting{Parallelism: policy.IntValue(n)} }
	var tasks []*task
	for _, n := range []int64{2, 3, 1} {
		tasks = append(tasks, newTask(StreamPlan{Stream: &connectors.Stream{}, Baseline: lanes(n)}))
	}
	b := newBoard(tasks)
	next := func() *task {
		j, ok := b.next()
		if !ok {
			return nil
		}
		if j.do == opening {
			b.add(j.task, j.task.setting, make([]connectors.Part, 9))
			j, _ = b.next()
		}
		return j.task
	}
	for i, want := range []*task{tasks[0], tasks[0], tasks[1], nil} {
		if got := next(); got != want {
			t.Fatalf("lane %d has got another task than it should", i)
		}
	}
	b.copied(tasks[0])
	if next() != tasks[0] {
		t.Error("a part is done, and the next lane does not go on with the first task")
	}
	b.copied(tasks[0])
	tasks[0].queue, tasks[1].queue = nil, nil
	if next() != tasks[2] || next() != nil {
		t.Error("the third task has one lane, and the other two have nothing to do")
	}
}
