// Package conntest checks a source and a destination against the contract of
// package connectors. A connector's own tests call [Exercise]:
//
//	conntest.Exercise(t, conntest.Harness{…})
//
// It is about what every connector promises to the runtime. What a connector
// promises to its users besides, it tests by itself.
package conntest

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/policy"
)

// Harness is a stream to copy, for one check: every check takes a new one.
type Harness struct {
	Source connectors.Source
	// Destination has no more rights than a run cannot do without.
	Destination connectors.Destination
	// Stream has some thousand rows. Its target does not exist.
	Stream connectors.StreamSpec
	// Rows reads the stream's rows at the source, or its target's at the
	// destination, one string each, sorted; none where there is no table.
	SourceRows, TargetRows func(t testing.TB) []string
	// Change adds, changes and removes rows at the source.
	Change func(t testing.TB)
}

// Exercise runs every check, each as a subtest with a harness of its own.
func Exercise(t *testing.T, open func(t testing.TB) Harness) {
	for _, check := range []struct {
		name string
		run  func(*session)
	}{
		{"a snapshot is one moment", oneMoment},
		{"every setting copies every row once", everySetting},
		{"a cutter goes on from its state", cutterState},
		{"an uncommitted part leaves nothing", uncommitted},
		{"a part is committed once", markedOnce},
		{"a wrong count is not committed", wrongCount},
		{"a lost part keeps all from being published", lostPart},
		{"both sides have the same sums", summed},
		{"a position is kept with the rows", positioned},
		{"a writer says what a part has cost", stats},
		{"a source answers beside the lanes or not at all", answers},
		{"a destination says what it may of itself", vitals},
		{"the books take every outcome of tuning", tuned},
		{"a pipeline runs once at a time", locked},
		{"an unfinished run is taken up", takenUp},
	} {
		t.Run(check.name, func(t *testing.T) {
			t.Parallel()
			check.run(begin(t, open(t), "first"))
		})
	}
}

// session is a run that got as far as an empty staging table.
type session struct {
	t          *testing.T
	h          Harness
	snap       connectors.Snapshot
	stream     *connectors.Stream
	target     *connectors.Target
	load       connectors.Load
	generation int
	into       string
	marks      int64
}

func begin(t *testing.T, h Harness, runID string) *session {
	t.Helper()
	ctx := t.Context()
	s := &session{t: t, h: h}
	s.snap = must(h.Source.Snapshot(ctx, []connectors.StreamSpec{h.Stream}))(t)
	t.Cleanup(func() { s.snap.Close(context.Background()) })
	streams := must(s.snap.Describe(ctx, []connectors.StreamSpec{h.Stream}))(t)
	targets := must(h.Destination.Targets(ctx, streams))(t)
	s.stream, s.target = streams[0], targets[0]
	if len(s.target.Problems) > 0 {
		t.Fatalf("problems: %v", s.target.Problems)
	}
	s.load = must(h.Destination.Begin(ctx, connectors.Run{ID: runID, Pipeline: "conntest", Version: "test"}))(t)
	s.stage()
	s.noted("source.", s.stream.Notes)
	s.noted("destination.", s.target.Notes)
	return s
}

// noted checks that each side's notes are its own.
func (s *session) noted(side string, notes map[string]string) {
	s.t.Helper()
	for name, note := range notes {
		if !strings.HasPrefix(name, side) || note == "" {
			s.t.Errorf("note %q is %q, want a name that begins with %s", name, note, side)
		}
	}
}

func (s *session) stage() {
	s.t.Helper()
	var err error
	s.generation, s.into, err = s.load.Stage(s.t.Context(), s.target, false)
	if err != nil {
		s.t.Fatal(err)
	}
	s.marks = 0
}

// settings are all combinations of the values that the stream supports; of a
// knob that is no enum, its bounds.
func (s *session) settings() []policy.Setting {
	all := []policy.Setting{{}}
	for _, c := range slices.Concat(s.stream.Choices, s.target.Choices) {
		values := []policy.Value{c.Best}
		if c.Knob.Kind != policy.Enum {
			values = []policy.Value{policy.IntValue(c.Knob.Min), policy.IntValue(c.Knob.Max)}
		} else if len(c.Knob.Values) > 0 {
			values = nil
			for _, name := range c.Knob.Values {
				values = append(values, policy.EnumValue(name))
			}
		}
		var next []policy.Setting
		for _, s := range all {
			for _, v := range values {
				next = append(next, s.With(policy.Setting{c.Knob.Name: v}))
			}
		}
		all = next
	}
	return all
}

func (s *session) cutter(state []byte) connectors.Cutter {
	s.t.Helper()
	return must(s.snap.Cutter(s.t.Context(), s.stream, s.target.Columns, state))(s.t)
}

// take asks the cutter for parts of about bytes; zero for the rest.
func (s *session) take(c connectors.Cutter, setting policy.Setting, bytes int64) []connectors.Part {
	s.t.Helper()
	parts, err := c.Take(s.t.Context(), connectors.Cut{Setting: setting, Bytes: bytes, PartBytes: 16 << 10, Lanes: 3})
	if err != nil {
		s.t.Fatal(err)
	}
	for i := range parts {
		s.marks++
		p := &parts[i]
		p.Stream, p.Mark, p.Into = s.stream.Spec.Name, s.marks, s.into
		p.RunID, p.Generation, p.Setting = s.load.Attempt().RunID, s.generation, setting
	}
	return parts
}

// all takes everything, in windows of about bytes.
func (s *session) all(setting policy.Setting, bytes int64) []connectors.Part {
	s.t.Helper()
	c := s.cutter(nil)
	var all []connectors.Part
	for {
		parts := s.take(c, setting, bytes)
		if len(parts) == 0 {
			return all
		}
		all = append(all, parts...)
	}
}

// relay sends a part's rows to the writer and returns how many there were. What
// the writer says of itself must keep pace.
func (s *session) relay(w connectors.Writer, p connectors.Part) int64 {
	s.t.Helper()
	ctx := s.t.Context()
	r := must(s.snap.Reader(ctx))(s.t)
	defer r.Close()
	if err := r.Start(ctx, p); err != nil {
		s.t.Fatal(err)
	}
	if err := w.Begin(ctx, p); err != nil {
		s.t.Fatal(err)
	}
	b := connectors.Block{Data: make([]byte, 0, 4<<10)}
	var rows, bytes int64
	for {
		if st := w.Stats(); st.Rows != rows || st.Bytes != bytes || st.CommitTime != 0 {
			s.t.Fatalf("behind %d rows of %d bytes the writer says %+v", rows, bytes, st)
		}
		done, err := r.Next(ctx, &b)
		if err != nil {
			s.t.Fatal(err)
		}
		if done {
			return rows
		}
		rows += int64(len(b.Ends))
		bytes += int64(len(b.Data))
		if err := w.Write(ctx, &b); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *session) copy(parts ...connectors.Part) {
	s.t.Helper()
	w := must(s.load.Writer(s.t.Context()))(s.t)
	defer w.Close()
	for _, p := range parts {
		if err := w.Commit(s.t.Context(), s.relay(w, p)); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *session) publish() {
	s.t.Helper()
	if err := s.tryPublish(func(string) {}); err != nil {
		s.t.Fatal(err)
	}
}

// tryPublish publishes every part that was taken.
func (s *session) tryPublish(progress func(step string)) error {
	loaded := connectors.Loaded{Generation: s.generation, Parts: int(s.marks)}
	_, err := s.load.Publish(s.t.Context(), s.target, loaded, progress)
	return err
}

func (s *session) finish(status string) {
	s.t.Helper()
	if err := s.load.Finish(s.t.Context(), connectors.Outcome{Status: status, OneMoment: true, Snapshot: s.snap.ID()}); err != nil {
		s.t.Fatal(err)
	}
}

// sees compares the target's rows.
func (s *session) sees(want []string) {
	s.t.Helper()
	if diff := cmp.Diff(want, s.h.TargetRows(s.t)); diff != "" {
		s.t.Errorf("target (-want +got):\n%s", diff)
	}
}

func (s *session) marked() map[int64]connectors.Committed {
	s.t.Helper()
	return must(s.load.Marks(s.t.Context(), s.stream.Spec.Name, s.generation))(s.t)
}

// must returns the value of a call that must not fail.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func oneMoment(s *session) {
	want := s.h.SourceRows(s.t)
	s.h.Change(s.t)
	s.copy(s.all(s.settings()[0], 0)...)
	s.sees(nil)
	s.publish()
	s.sees(want)
	s.finish("done")
	s.sees(want)
}

func everySetting(s *session) {
	want := s.h.SourceRows(s.t)
	for i, setting := range s.settings() {
		if i > 0 {
			s.stage()
		}
		parts := s.all(setting, int64(i%2)*50<<10)
		s.copy(parts...)
		marks := s.marked()
		var rows int64
		for _, p := range parts {
			part, ok := marks[p.Mark]
			if !ok {
				s.t.Errorf("part %d has no mark", p.Mark)
			}
			rows += part.Rows
		}
		if len(marks) != len(parts) || rows != int64(len(want)) {
			s.t.Errorf("%v: %d marks of %d rows, want %d of %d", setting, len(marks), rows, len(parts), len(want))
		}
	}
	s.publish()
	s.sees(want)
	s.finish("done")
}

func cutterState(s *session) {
	want := s.h.SourceRows(s.t)
	var parts []connectors.Part
	var state []byte
	for _, setting := range s.settings() {
		c := s.cutter(state)
		parts = append(parts, s.take(c, setting, 20<<10)...)
		state = must(c.State())(s.t)
	}
	parts = append(parts, s.take(s.cutter(state), s.settings()[0], 0)...)
	s.copy(parts...)
	s.publish()
	s.sees(want)
	s.finish("done")
}

func uncommitted(s *session) {
	want := s.h.SourceRows(s.t)
	parts := s.all(s.settings()[0], 0)
	w := must(s.load.Writer(s.t.Context()))(s.t)
	s.relay(w, parts[0])
	w.Close()
	if marks := s.marked(); len(marks) > 0 {
		s.t.Errorf("marks %v without a commit", marks)
	}
	s.copy(parts...)
	s.publish()
	s.sees(want)
	s.finish("done")
}

func markedOnce(s *session) {
	want := s.h.SourceRows(s.t)
	parts := s.all(s.settings()[0], 0)
	s.copy(parts...)
	w := must(s.load.Writer(s.t.Context()))(s.t)
	defer w.Close()
	if err := w.Commit(s.t.Context(), s.relay(w, parts[0])); !connectors.Retryable(err) {
		s.t.Errorf("a part was committed twice, or in vain for good: %v", err)
	}
	s.publish()
	s.sees(want)
	s.finish("done")
}

func lostPart(s *session) {
	want := s.h.SourceRows(s.t)
	parts := s.all(s.settings()[0], 0)
	s.copy(parts[1:]...)
	inVain := func(step string) { s.t.Errorf("%s, before the parts were counted", step) }
	if err := s.tryPublish(inVain); !errors.Is(err, connectors.ErrUndone) || connectors.Retryable(err) {
		s.t.Errorf("published without a part: %v", err)
	}
	s.sees(nil)
	s.copy(parts[0])
	s.publish()
	s.sees(want)
	s.finish("done")
}

func wrongCount(s *session) {
	parts := s.all(s.settings()[0], 0)
	w := must(s.load.Writer(s.t.Context()))(s.t)
	defer w.Close()
	if err := w.Commit(s.t.Context(), s.relay(w, parts[0])+1); err == nil {
		s.t.Error("a part with a row too few was committed")
	}
	if marks := s.marked(); len(marks) > 0 {
		s.t.Errorf("marks %v", marks)
	}
	s.finish("failed")
	s.sees(nil)
}

func stats(s *session) {
	w := must(s.load.Writer(s.t.Context()))(s.t)
	defer w.Close()
	var bytes int64
	for _, p := range s.all(s.settings()[0], 0) {
		rows := s.relay(w, p)
		if err := w.Commit(s.t.Context(), rows); err != nil {
			s.t.Fatal(err)
		}
		st := w.Stats()
		if st.Rows != rows || st.CommitTime <= 0 {
			s.t.Errorf("a committed part of %d rows cost %+v", rows, st)
		}
		bytes += st.Bytes
	}
	if bytes == 0 {
		s.t.Error("the writer knows of no bytes")
	}
	s.finish("failed")
}

func answers(s *session) {
	moment := s.snap.ID()
	for range 2 {
		took, err := s.snap.Ping(s.t.Context())
		if (took > 0) != (err == nil) {
			s.t.Errorf("the source took %s, %v", took, err)
		}
	}
	ctx, cancel := context.WithCancel(s.t.Context())
	cancel()
	if _, err := s.snap.Ping(ctx); err == nil {
		s.t.Error("a cancelled question has an answer")
	}
	if s.snap.ID() != moment {
		s.t.Error("questions take the moment along")
	}
	s.copy(s.all(s.settings()[0], 0)...)
	s.finish("failed")
}

func vitals(s *session) {
	before := must(s.load.Vitals(s.t.Context()))(s.t)
	s.copy(s.all(s.settings()[0], 0)...)
	after := must(s.load.Vitals(s.t.Context()))(s.t)
	for _, v := range []connectors.Vitals{before, after} {
		for _, metric := range v.Missing {
			if !slices.Contains(metrics(), metric) {
				s.t.Errorf("%s is missing, but no metric of a window", metric)
			}
		}
	}
	if after.WAL < before.WAL || after.Checkpoints < before.Checkpoints {
		s.t.Errorf("time runs backwards, from %+v to %+v", before, after)
	}
	ctx, cancel := context.WithCancel(s.t.Context())
	cancel()
	if _, err := s.load.Vitals(ctx); !errors.Is(err, context.Canceled) {
		s.t.Errorf("a cancelled look: %v", err)
	}
	s.finish("failed")
}

// metrics are the names that a window's metrics have in JSON.
func metrics() []string {
	var names []string
	for _, f := range reflect.VisibleFields(reflect.TypeFor[policy.Window]()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

func tuned(s *session) {
	baseline := s.settings()[0]
	for _, t := range []connectors.Tuning{
		{Decision: &policy.Decision{Baseline: baseline, Winner: baseline, Reason: policy.BecauseNoLead, Detail: "any text: → \x00 \xff"}},
		{Skip: &policy.Skip{Reason: policy.SkippedSmall}},
		{Fault: &policy.Fault{Reason: policy.FaultPanic, Detail: "any text: → \x00 \xff"}},
	} {
		t.Stream, t.Generation = s.stream.Spec.Name, s.generation
		for range 2 { // the answer to the first one may have been lost
			if err := s.load.NoteTuning(s.t.Context(), t); err != nil {
				s.t.Errorf("%+v: %v", t, err)
			}
		}
	}
	s.finish("failed")
}

func locked(s *session) {
	again := connectors.Run{ID: "second", Pipeline: "conntest", Version: "test"}
	var held *connectors.LockedError
	if _, err := s.h.Destination.Begin(s.t.Context(), again); !errors.As(err, &held) || held.Holder == "" {
		s.t.Errorf("a second run: %v, want a LockedError that names its holder", err)
	}
	s.finish("done")
	load := must(s.h.Destination.Begin(s.t.Context(), again))(s.t)
	if a := load.Attempt(); a.RunID != "second" || a.Number != 1 {
		s.t.Errorf("behind a run that is done: %+v", a)
	}
	s.load = load
	s.finish("done")
}

// summed also holds that sums tell when a part is missing.
func summed(s *session) {
	ctx := s.t.Context()
	parts := s.all(s.settings()[0], 0)
	s.copy(parts[1:]...)
	for _, how := range []connectors.Verify{connectors.VerifyCount, connectors.VerifyChecksum} {
		want := must(s.snap.Sum(ctx, s.target, how))(s.t)
		if got := must(s.load.Sum(ctx, s.target, s.generation, how))(s.t); got == want {
			s.t.Errorf("without the first part the %s is %+v on both sides", how, got)
		}
	}
	s.copy(parts[0])
	for _, how := range []connectors.Verify{connectors.VerifyCount, connectors.VerifyChecksum} {
		want := must(s.snap.Sum(ctx, s.target, how))(s.t)
		got := must(s.load.Sum(ctx, s.target, s.generation, how))(s.t)
		if got != want || want.Rows == 0 || (want.Hash != "") != (how == connectors.VerifyChecksum) {
			s.t.Errorf("the %s is %+v at the source and %+v in staging", how, want, got)
		}
	}
	loading, publishing, err := s.load.Rejected(ctx, s.stream.Spec.Name, s.generation)
	if loading != 0 || publishing != 0 || err != nil {
		s.t.Errorf("%d and %d rows were put aside, error %v", loading, publishing, err)
	}
}

// positioned also holds that a position is not kept without the rows.
func positioned(s *session) {
	ctx := s.t.Context()
	position := func() *connectors.Position {
		all := must(s.h.Destination.Positions(ctx, "conntest"))(s.t)
		if p, known := all[s.stream.Spec.Name]; known {
			return &p
		}
		return nil
	}
	s.stream.Position = &connectors.Position{Column: "a", TieBreaker: "b", Order: "x", TieOrder: "y", Value: "v'\\ü", Reached: true, Tie: "t", Computed: "c"}
	parts := s.all(s.settings()[0], 0)
	s.copy(parts[1:]...)
	if err := s.tryPublish(func(string) {}); !errors.Is(err, connectors.ErrUndone) || position() != nil {
		s.t.Errorf("without the first part: error %v, position %v", err, position())
	}
	s.copy(parts[0])
	s.publish()
	want := *s.stream.Position
	if got := position(); got == nil || got.Target == "" {
		s.t.Errorf("the position is %v", got)
	} else if want.Target = got.Target; *got != want {
		s.t.Errorf("the position is %+v, want %+v", *got, want)
	}
	if others := must(s.h.Destination.Positions(ctx, "another"))(s.t); len(others) > 0 {
		s.t.Errorf("another pipeline has the positions %v", others)
	}
}

func takenUp(s *session) {
	want := s.h.SourceRows(s.t)
	s.copy(s.all(s.settings()[0], 0)[:1]...)
	s.finish("interrupted")
	s.sees(nil)
	next := begin(s.t, s.h, "second")
	if a := next.load.Attempt(); a.RunID != "first" || a.Number != 2 {
		s.t.Errorf("behind an interrupted run: run %s, attempt %d; want the second attempt of the first", a.RunID, a.Number)
	}
	if marks := next.marked(); len(marks) > 0 {
		s.t.Errorf("a new generation has the marks %v", marks)
	}
	next.copy(next.all(next.settings()[0], 0)...)
	next.publish()
	next.sees(want)
	next.finish("done")
}
