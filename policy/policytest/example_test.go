package policytest_test

import (
	"context"
	"fmt"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/policytest"
)

// Careful is the built-in policy with flushes of at most 16 MiB.
type Careful struct{ builtin.Policy }

// Propose takes out what has larger ones.
func (c Careful) Propose(ctx context.Context, r policy.ProposeRequest) (policy.Proposal, error) {
	p, err := c.Policy.Propose(ctx, r)
	var small []policy.Setting
	for _, s := range p.Candidates {
		if s["copy_flush_bytes"].Int <= 16<<20 {
			small = append(small, s)
		}
	}
	p.Candidates = small
	return p, err
}

// A test of a policy, without the *testing.T.
func Example() {
	ctx := context.Background()
	trace, err := policytest.Load("testdata/orders.jsonl")
	if err != nil {
		fmt.Println(err)
		return
	}
	replayed, err := trace.Replay(ctx, Careful{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range replayed.Differences {
		fmt.Printf("call %d, %s, is answered differently\n", d.Seq, d.Op)
	}

	decided, err := trace.Decide(ctx, Careful{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, o := range decided {
		fmt.Printf("%s: %s, %s\n", o.Stream, o.Decision.Winner.Format(o.Knobs), o.Decision.Reason)
	}

	expected, err := policytest.LoadExpectations("testdata/orders.expect")
	if err != nil {
		fmt.Println(err)
		return
	}
	failures, err := expected.Check(decided)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d expectations failed\n", len(failures))

	// Output:
	// call 8, propose, is answered differently
	// public.orders: parallelism 16, partition_mode ctid, copy_flush_bytes 16MiB, lead
	// public.countries: parallelism 4, stream-too-small
	// 0 expectations failed
}
