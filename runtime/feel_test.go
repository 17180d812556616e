package runtime

import (
	"context"
	"errors"
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

// answering is a source that answers after so long.
type answering struct {
	connectors.Snapshot
	after time.Duration
	err   error
}

func (a answering) Ping(ctx context.Context) (time.Duration, error) {
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(a.after):
		return a.after, a.err
	}
}

// TestPing holds that the source is asked in the probe phase only, that what has
// no answer counts for none, and that a source without one lets the run end.
func TestPing(t *testing.T) {
	for name, tc := range map[string]struct {
		source answering
		want   int64 // echoes in a second
	}{
		"at once":  {answering{after: time.Millisecond}, 19},
		"slowly":   {answering{after: 290 * time.Millisecond}, 3},
		"with no":  {answering{err: errors.New("not allowed")}, 0},
		"not once": {answering{after: time.Hour}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				one := idle("orders", 1)
				one.tuner, one.state = &controller{}, copying
				s := &scene{}
				b := newBoard([]*task{one}, s)
				go (&run{}).ping(ctx, tc.source, b)
				time.Sleep(time.Second)
				got := s.soFar()
				if got.count != tc.want || got.took != time.Duration(tc.want)*tc.source.after {
					t.Errorf("%+v, want %d", got, tc.want)
				}
				b.mu.Lock()
				one.steady = true
				b.mu.Unlock()
				time.Sleep(tc.source.after) // for the one that is asked already
				synctest.Wait()
				got = s.soFar()
				time.Sleep(time.Second)
				if later := s.soFar(); later != got {
					t.Errorf("%d answers behind the probe phase", later.count-got.count)
				}
			})
		})
	}
}
