package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/rapidbyte/rbt/connectors"
)

// VerifyOptions say how tables are compared.
type VerifyOptions struct {
	// Connections is how many tables are compared at once, each over one
	// connection to either server. 0 is 4.
	Connections int
	// Done is told of each comparison when it is made, one call at a time. Nil
	// is nobody.
	Done func(Comparison)
}

// Comparison is how a stream's source and target compare.
type Comparison struct {
	Stream, Target string
	SourceRows     int64
	TargetRows     int64
	// Missing and Extra count the rows that only the source has and that only
	// the target has. A row that changed is one of each.
	Missing, Extra int64
	// NoTarget says that the target does not exist; nothing else is known.
	NoTarget bool
	// Err is why the two cannot be compared; nothing else is known.
	Err error
	// Append says that the target may hold more than the stream's rows.
	Append bool
	Took   time.Duration
}

// Equal says whether the target holds what it should.
func (c Comparison) Equal() bool {
	return c.Err == nil && !c.NoTarget && c.Missing == 0 && (c.Extra == 0 || c.Append)
}

// Verify compares what the streams' tables hold now on both servers: the
// copied columns of the rows that the stream's where selects, and all rows of
// the target. Either server counts its rows and adds up a hash of each; only
// where that differs are the hashes of the single rows fetched and matched.
//
// The sums are of 64-bit hashes of the values' text: a difference is always
// real but for rows whose text depends on the server's version, equality is
// certain but for one chance in 2^64. Each table is one moment of either
// server, but not the same moment: a source that goes on changing differs.
//
// The comparisons are in the order of targets. When ctx ends both servers are
// told to stop.
func Verify(ctx context.Context, source, destination Config, targets []*connectors.Target, o VerifyOptions) ([]Comparison, error) {
	v := verifier{source: source, destination: destination, targets: targets, done: o.Done,
		found: make([]Comparison, len(targets)), order: largestFirst(targets)}
	group, ctx := errgroup.WithContext(ctx)
	for range min(cmp.Or(o.Connections, 4), len(targets)) {
		group.Go(func() error { return v.lane(ctx) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return v.found, nil
}

// verifier shares the targets among the lanes.
type verifier struct {
	source, destination Config
	targets             []*connectors.Target
	done                func(Comparison)

	mu    sync.Mutex
	order []int // of the targets that no lane has taken yet
	found []Comparison
}

func largestFirst(targets []*connectors.Target) []int {
	order := make([]int, len(targets))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(targets[b].Stream.Bytes, targets[a].Stream.Bytes)
	})
	return order
}

func (v *verifier) next() (int, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.order) == 0 {
		return 0, false
	}
	i := v.order[0]
	v.order = v.order[1:]
	return i, true
}

// lane compares one table after the other over one connection to either side.
func (v *verifier) lane(ctx context.Context) error {
	// Both sides are readers: so a value's text is the same on both.
	source, err := v.source.connect(ctx, sourceRole)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	defer closeSoon(source)
	destination, err := v.destination.connect(ctx, sourceRole)
	if err != nil {
		return fmt.Errorf("destination: %w", err)
	}
	defer closeSoon(destination)
	for {
		i, ok := v.next()
		if !ok {
			return nil
		}
		c := v.compare(ctx, source, destination, v.targets[i])
		if c.Err != nil && (ctx.Err() != nil || source.IsClosed() || destination.IsClosed()) { // the next one could not be either
			return fmt.Errorf("%s: %w", c.Stream, c.Err)
		}
		v.report(i, c)
	}
}

func (v *verifier) report(i int, c Comparison) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.found[i] = c
	if v.done != nil {
		v.done(c)
	}
}

// compare compares one table, in one transaction on either side.
func (v *verifier) compare(ctx context.Context, source, destination *pgx.Conn, t *connectors.Target) Comparison {
	began := time.Now()
	c := Comparison{Stream: t.Stream.Spec.Name, Target: ident(t.Schema, t.Name), Append: keepsMore(t.Stream.Spec)}
	c.Err = c.fill(ctx, source, destination, t)
	for _, conn := range []*pgx.Conn{source, destination} {
		_, _ = conn.Exec(context.WithoutCancel(ctx), "ROLLBACK") // nothing was changed
	}
	c.Took = time.Since(began)
	return c
}

// fill reads both sides.
func (c *Comparison) fill(ctx context.Context, source, destination *pgx.Conn, t *connectors.Target) error {
	target, err := readTarget(ctx, destination, t)
	if err != nil || target == nil {
		c.NoTarget = err == nil
		return err
	}
	for _, name := range t.Columns {
		if !slices.Contains(target.names, name) {
			return fmt.Errorf("%s does not have column %s, which the source has: rbt run adds it, rbt plan shows how", c.Target, name)
		}
	}
	sides := verifySides(source, destination, t, target)
	if err := each(sides, func(s *verifySide) error { return s.digest(ctx) }); err != nil {
		if refusesRow(err) {
			err = fmt.Errorf("the source has values that the target's types do not hold, as rows that were put aside may, so the tables cannot be compared: %w", err)
		}
		return err
	}
	c.SourceRows, c.TargetRows = sides[0].rows, sides[1].rows
	if sides[0].sum != sides[1].sum || c.SourceRows != c.TargetRows {
		c.Missing, c.Extra, err = matchRows(ctx, sides)
	}
	return err
}

// keepsMore says whether the target may hold rows that the source has no more.
func keepsMore(spec connectors.StreamSpec) bool {
	return spec.WriteMode == connectors.Append || spec.WriteMode == connectors.Upsert && spec.Deleted == connectors.KeepDeleted
}

// each works on both sides at once.
func each(sides [2]*verifySide, work func(*verifySide) error) error {
	var group errgroup.Group
	for _, s := range sides {
		group.Go(func() error {
			if err := work(s); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			return nil
		})
	}
	return group.Wait()
}

func closeSoon(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	conn.Close(ctx)
}
