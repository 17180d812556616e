// Package policytest tests a policy against traces: the records that rbt run
// makes of every run, in .rbt/runs/RUN-ID/trace.jsonl. It serves go test, and
// rbt policy test, which does the same for a module.
//
// Record a trace of a real run first, and copy it beside the tests:
//
//	rbt run pipeline.hcl --trace testdata/orders.jsonl
//
// Does the policy still say what it said? [Replay] asks every recorded question
// again, and shows where the answer differs:
//
//	func TestSameAnswers(t *testing.T) {
//		policytest.Replay(t, mypolicy.New(), "testdata/orders.jsonl")
//	}
//
// Numbers of an answer are the same where they agree to nine digits, and scores
// in whatever order. A recorded timeout stands: it was the clock's, and is not
// asked again. Where new answers are as they should be, accept them: see
// [Trace.Accept], or rbt policy test --update.
//
// A policy that is being improved answers differently all the time. What should
// hold then is the decision. Write into testdata/orders.expect, beside the trace:
//
//	# Over a slow link many lanes pay, and large flushes.
//	stream public.orders: parallelism >= 12, copy_flush_bytes >= 16MiB
//	stream public.*: reason = lead, fault = none, lead >= 50%
//
// and [Expect] plays the probe phase anew over the windows that the trace has:
//
//	func TestDecisions(t *testing.T) {
//		policytest.Expect(t, mypolicy.New(), "testdata/orders.jsonl")
//	}
//
// A line has a stream and its conditions. The stream is a name as the trace has
// it, or a pattern of [path.Match], which is about the streams that were tuned.
// A condition compares with = != < <= > >=: a knob of the winner with a number, a
// size or a name; reason with one of the decision's reasons, or of those to skip
// a stream; fault with the code of a fault, or none; and lead, over the baseline,
// with a percentage. Everything behind a # is a comment.
//
// A module is tested like any other policy, once package policy/wasm has loaded
// it; it gets the recorded questions to the byte.
//
// Neither test says that a policy is faster. The first compares answers to the
// questions of one run. The second decides over windows that were measured in that
// run; a setting that was not tried there borrows the windows of the nearest one
// that was, so it can neither win nor lose by its own merit: such windows are
// counted ([Outcome.Counterfactual]). For what a policy does to speed there are
// the simulator, rbt policy bench, and real runs.
//
// [Load], [Trace.Replay], [Trace.Decide], [LoadExpectations] and
// [Expectations.Check] are what both are made of.
package policytest
