package runtime

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapidbyte/rbt/connectors"
)

// healthy is a destination that tells its vitals.
type healthy struct{ connectors.Load }

func (healthy) Vitals(ctx context.Context) (connectors.Vitals, error) {
	return connectors.Vitals{}, ctx.Err()
}

// TestFeel holds that vitals are fresh or none: those of an earlier stream's
// probe phase would make all that happened since part of a window.
func TestFeel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		one := idle("orders", 1)
		one.tuner, one.state = &controller{}, copying
		s := &scene{}
		b := newBoard([]*task{one}, s)
		go (&run{load: healthy{}}).feel(ctx, b)
		time.Sleep(time.Second)
		synctest.Wait()
		if s.vitals.Load() == nil {
			t.Error("no vitals in the probe phase")
		}
		b.mu.Lock()
		one.steady = true
		b.mu.Unlock()
		time.Sleep(time.Second)
		synctest.Wait()
		if s.vitals.Load() != nil {
			t.Error("vitals are kept behind the probe phase")
		}
		cancel()
	})
}
