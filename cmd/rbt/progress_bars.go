package main

import (
	"cmp"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/mattn/go-runewidth"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/rapidbyte/rbt/runtime"
)

const (
	// maxBars is how many streams get a bar of their own where not all do: the
	// bars must fit a small terminal, or they would scroll.
	maxBars = 10
	// ownBar is the size from which a stream among many gets a bar of its own.
	ownBar = 16 << 20
	// barScale is the whole of a bar; progress comes as a fraction.
	barScale = 1000
	maxName  = 28
)

// bars is progress for a terminal: a moving bar per stream, and one for all
// small streams together where there are many.
//
// The engine's goroutine writes the state; each bar is drawn by a goroutine of
// the library, which reads nothing of it but the bar's text.
type bars struct {
	u       *ui
	out     *mpb.Progress
	restore func()
	streams map[string]*streamBar
	small   *smallBar // nil where every stream has a bar of its own
}

// bar is a moving bar with a text behind it, in several lengths.
type bar struct {
	*mpb.Bar
	texts atomic.Value // []string, the longest first: the first that fits is shown
}

// streamBar is a stream with a bar of its own.
type streamBar struct {
	bar
	state streamState
	done  bool
}

// smallBar counts the streams that have none.
type smallBar struct {
	bar
	done, total int
	rows, bytes int64
}

func newBars(u *ui) *bars {
	b := &bars{u: u, streams: map[string]*streamBar{}}
	options := []mpb.ContainerOption{mpb.WithOutput(u.stderr), mpb.WithRefreshRate(150 * time.Millisecond), mpb.WithAutoRefresh()}
	if !u.resizes { // else the library asks the terminal each time it draws
		options = append(options, mpb.WithWidth(u.width))
	}
	b.out = mpb.New(options...)
	b.restore = u.divert(b.out)
	return b
}

func (b *bars) close() {
	for _, s := range b.streams {
		if !s.done {
			s.Abort(false)
		}
	}
	if b.small != nil && b.small.done < b.small.total {
		b.small.Abort(false)
	}
	b.out.Wait()
	b.restore()
}

func (b *bars) event(e runtime.Event) {
	switch e := e.(type) {
	case runtime.RunStarted:
		b.u.note("%s", startLine(e))
		b.layOut(e.Streams)
	default:
		if line := noticeLine(e); line != "" {
			b.u.note("%s", line)
		}
		if s := b.streams[streamOf(e)]; s != nil {
			s.note(e)
		} else if b.small != nil {
			b.small.note(e)
		}
	}
}

// layOut makes the bars, in the order of the pipeline.
func (b *bars) layOut(plans []runtime.StreamPlan) {
	own := withOwnBar(plans)
	rest := len(plans) - len(own)
	width := 0
	if rest > 0 {
		width = len(smallName(rest))
	}
	for name := range own {
		width = max(width, min(maxName, runewidth.StringWidth(oneLine(name))))
	}
	for _, p := range plans {
		if name := p.Stream.Spec.Name; own[name] {
			s := &streamBar{}
			b.add(&s.bar, barScale, name, width)
			b.streams[name] = s
		}
	}
	if rest > 0 {
		b.small = &smallBar{total: rest}
		b.add(&b.small.bar, int64(rest), smallName(rest), width)
	}
}

func (b *bars) add(to *bar, total int64, name string, nameWidth int) {
	to.say("waiting")
	label := runewidth.FillRight(elide(oneLine(name), nameWidth), nameWidth) + " "
	width := min(max(b.u.width-nameWidth-60, 8), 30)
	to.Bar = b.out.New(total, mpb.BarStyle().Lbound("[").Rbound("]"), mpb.BarWidth(width),
		mpb.PrependDecorators(decor.Name(label)),
		mpb.AppendDecorators(decor.Any(func(s decor.Statistics) string {
			room := s.AvailableWidth - width - 2 // for the spaces; a longer text would push the bar out, or break the line
			return " " + fitting(to.texts.Load().([]string), max(room, 0))
		})))
}

func (b *bar) say(texts ...string) { b.texts.Store(texts) }

// fitting returns the first text that is not too wide, else what fits of the last.
func fitting(texts []string, width int) string {
	for _, text := range texts {
		if runewidth.StringWidth(text) <= width {
			return text
		}
	}
	return cut(texts[len(texts)-1], width)
}

// withOwnBar picks the streams with a bar of their own: all of a few, the
// largest of many.
func withOwnBar(plans []runtime.StreamPlan) map[string]bool {
	bySize := slices.Clone(plans)
	slices.SortStableFunc(bySize, func(a, b runtime.StreamPlan) int { return cmp.Compare(b.Stream.Bytes, a.Stream.Bytes) })
	own := map[string]bool{}
	for i, p := range bySize {
		if len(plans) <= maxBars || (i < maxBars-1 && p.Stream.Bytes >= ownBar) {
			own[p.Stream.Spec.Name] = true
		}
	}
	return own
}

func smallName(n int) string { return plural(n, "small table") }

// note takes in an event of the stream.
func (s *streamBar) note(e runtime.Event) {
	s.state.note(e, time.Now())
	switch e := e.(type) {
	case runtime.StreamSkipped:
		s.finish("skipped: " + oneLine(e.Reason))
	case runtime.StreamDone:
		s.finish(fmt.Sprintf("done, %s rows, %s in %s", formatRows(e.Rows), formatBytes(e.Bytes), formatTook(e.Load+e.Publish)))
	default:
		s.say(s.describe()...)
		// The last per mille is kept for the end: a full bar is a done stream.
		s.SetCurrent(min(int64(s.state.fraction*barScale), barScale-1))
	}
}

func (s *streamBar) finish(text string) {
	s.done = true
	s.say(text)
	s.SetCurrent(barScale)
}

// describe says where the stream is. Of a stream that is tuned the setting matters
// more than the number of rows, where there is no room for both.
func (s *streamBar) describe() []string {
	long, short := s.state.String(), s.state.brief()
	switch {
	case s.state.phase != phaseCopy || len(s.state.setting) == 0:
		return []string{long, short}
	case s.state.tuning == "":
		return []string{s.full(), long, short}
	}
	changed := " [" + s.state.changedText() + "]"
	return []string{s.full(), long + changed, short + changed, short}
}

func (s *streamBar) full() string {
	return fmt.Sprintf("%s  %s  [%s]", &s.state, plural(s.state.lanes, "lane"), s.state.settingText())
}

// note takes in an event of a small stream.
func (s *smallBar) note(e runtime.Event) {
	switch e := e.(type) {
	case runtime.StreamDone:
		s.rows += e.Rows
		s.bytes += e.Bytes
		s.done++
	case runtime.StreamSkipped:
		s.done++
	default:
		return
	}
	s.say(fmt.Sprintf("%d of %d, %s rows, %s", s.done, s.total, formatRows(s.rows), formatBytes(s.bytes)))
	s.SetCurrent(int64(s.done))
}
