package builtin

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy"
)

const mib = 1 << 20

func knobs() []policy.Knob {
	return []policy.Knob{
		{Name: "copy_flush_bytes", Kind: policy.Bytes, Min: 1 * mib, Max: 32 * mib},
		{Name: "copy_format", Kind: policy.Enum, Values: []string{"binary", "text"}},
		{Name: "parallelism", Kind: policy.Int, Min: 1, Max: 16},
		{Name: "partition_mode", Kind: policy.Enum, Values: []string{"ctid", "range", "mod"}},
	}
}

func baseline() policy.Setting {
	return policy.Setting{
		"parallelism": policy.IntValue(4), "partition_mode": policy.EnumValue("ctid"),
		"copy_flush_bytes": policy.IntValue(8 * mib), "copy_format": policy.EnumValue("binary"),
	}
}

// texts writes values as a pipeline file would have them.
func texts(k policy.Knob, values []policy.Value) string {
	var out []string
	for _, v := range values {
		out = append(out, k.Format(v))
	}
	return strings.Join(out, " ")
}

func TestCandidates(t *testing.T) {
	lanes := policy.Knob{Name: "parallelism", Min: 1, Max: 16}
	flush := policy.Knob{Name: "copy_flush_bytes", Kind: policy.Bytes, Min: 1 * mib, Max: 32 * mib}
	other := policy.Knob{Name: "batch", Kind: policy.Bytes, Min: 0, Max: 100}
	for _, tc := range []struct {
		knob policy.Knob
		at   policy.Value
		want string
	}{
		{lanes, policy.IntValue(4), "2 4 6"},
		{lanes, policy.IntValue(1), "1 2"},
		{lanes, policy.IntValue(3), "1 3 5"}, // half of 9, rounded
		{lanes, policy.IntValue(12), "6 12 16"},
		{lanes, policy.IntValue(16), "8 16"},
		{flush, policy.IntValue(8 * mib), "4MiB 8MiB 16MiB"},
		{flush, policy.IntValue(1 * mib), "1MiB 4MiB 8MiB 16MiB"},
		{policy.Knob{Name: "copy_flush_bytes", Kind: policy.Bytes, Min: 1 * mib, Max: 8 * mib}, policy.IntValue(8 * mib), "4MiB 8MiB"},
		{other, policy.IntValue(0), "0B"},
		{other, policy.IntValue(50), "25B 50B 75B"},
		{policy.Knob{Name: "mode", Kind: policy.Enum, Values: []string{"a", "b"}}, policy.EnumValue("a"), "a b"},
	} {
		if got := texts(tc.knob, Candidates(tc.knob, tc.at)); got != tc.want {
			t.Errorf("%s at %s: %s, want %s", tc.knob.Name, tc.knob.Format(tc.at), got, tc.want)
		}
	}
}

func TestFurther(t *testing.T) {
	lanes := policy.Knob{Name: "parallelism", Min: 1, Max: 16}
	flush := policy.Knob{Name: "copy_flush_bytes", Kind: policy.Bytes, Min: 1 * mib, Max: 32 * mib}
	ints := func(numbers ...int64) (values []policy.Value) {
		for _, n := range numbers {
			values = append(values, policy.IntValue(n))
		}
		return values
	}
	for _, tc := range []struct {
		knob  policy.Knob
		at    int64
		tried []policy.Value
		up    float64
		want  string
	}{
		{lanes, 6, ints(4, 2, 6), 1.5, "9"},
		{lanes, 6, ints(4, 2, 6), 2, "12"},
		{lanes, 9, ints(4, 2, 6, 9), 1.5, "14"},
		{lanes, 14, ints(4, 2, 6, 9, 14), 1.5, "16"},
		{lanes, 16, ints(4, 2, 6, 9, 14, 16), 2, ""},
		{lanes, 2, ints(4, 2, 6), 2, "1"},
		{lanes, 1, ints(4, 2, 6, 1), 1.5, ""},
		{lanes, 4, ints(4, 2, 6), 1.5, ""}, // not at the edge
		{lanes, 4, ints(4), 1.5, ""},       // nothing was tried yet
		{flush, 16 * mib, ints(8*mib, 4*mib, 16*mib), 1.5, "32MiB"},
		{flush, 4 * mib, ints(8*mib, 4*mib, 16*mib), 1.5, "2MiB"},
	} {
		if got := texts(tc.knob, Further(tc.knob, policy.IntValue(tc.at), tc.tried, tc.up)); got != tc.want {
			t.Errorf("%s at %d: %q, want %q", tc.knob.Name, tc.at, got, tc.want)
		}
	}
}

// asked is a request after the given candidates, of which the leader is one.
func asked(leader policy.Setting, tried ...policy.Setting) policy.ProposeRequest {
	r := policy.ProposeRequest{Knobs: knobs(), Baseline: baseline(), Leader: baseline().With(leader), Round: 2}
	r.Evidence = []policy.Evidence{{Setting: baseline()}}
	for i, s := range tried {
		r.Evidence = append(r.Evidence, policy.Evidence{ID: i + 1, Setting: baseline().With(s)})
	}
	return r
}

// waiting gives all candidates windows in which the lanes wait for the source
// and for flushes for shares of their time.
func waiting(source, flush float64, r policy.ProposeRequest) policy.ProposeRequest {
	for i := range r.Evidence {
		r.Evidence[i].Windows = []policy.Window{{Seconds: 1, Lanes: 4, SourceWait: 4 * source, FlushWait: 4 * flush, Missing: []string{"round_trip_secs"}}}
	}
	return r
}

// linked puts a round trip of 40 ms between the lanes and the destination, and
// so many flushes into each window.
func linked(flushes int64, r policy.ProposeRequest) policy.ProposeRequest {
	for i := range r.Evidence {
		for j := range r.Evidence[i].Windows {
			w := &r.Evidence[i].Windows[j]
			w.RoundTrip, w.Flushes, w.Missing = 0.04, flushes, nil
		}
	}
	return r
}

// gaining gives the baseline windows of 100 MiB/s and all others of gain times that.
func gaining(gain float64, r policy.ProposeRequest) policy.ProposeRequest {
	for i := range r.Evidence {
		rate := 100.0 * mib
		if i > 0 {
			rate *= gain
		}
		r.Evidence[i].Windows = []policy.Window{{Seconds: 1, Lanes: 4, Bytes: int64(rate), SourceWait: 4}}
	}
	return r
}

func TestPropose(t *testing.T) {
	mode := func(name string) policy.Setting { return policy.Setting{"partition_mode": policy.EnumValue(name)} }
	lanes := func(n int64) policy.Setting { return policy.Setting{"parallelism": policy.IntValue(n)} }
	flush := func(n int64) policy.Setting { return policy.Setting{"copy_flush_bytes": policy.IntValue(n * mib)} }
	text := policy.Setting{"copy_format": policy.EnumValue("text")}
	modes := []policy.Setting{mode("range"), mode("mod")}
	andMore := append(modes[:2:2], lanes(6))
	allMore := append(andMore[:3:3], flush(4), flush(16), text)
	andLanes := append(andMore[:3:3], lanes(2))
	andFlush := append(andLanes[:4:4], flush(4), flush(16))
	all := append(andFlush[:6:6], text)
	others := []policy.Knob{{Name: "batch", Kind: policy.Int, Min: 1, Max: 1000}, {Name: "zeal", Kind: policy.Enum, Values: []string{"low", "high"}}}
	four := []policy.Knob{{Name: "parallelism", Kind: policy.Int, Min: 1, Max: 4}}
	standing := policy.Setting{"batch": policy.IntValue(100), "zeal": policy.EnumValue("low")}
	for _, tc := range []struct {
		name string
		r    policy.ProposeRequest
		want string
	}{
		{"first the mode, where they wait for little else", waiting(1, 0, asked(nil)), "partition_mode range, mod beside ctid"},
		{"then more lanes", asked(nil, modes...), "parallelism 6 beside 4"},
		{"in the mode that won", asked(mode("mod"), modes...), "parallelism 6 beside 4"},
		{"fewer lanes only where more did not win", asked(nil, andMore...), "parallelism 2 beside 4"},
		{"in the mode that won, too", asked(mode("mod"), andMore...), "parallelism 2 beside 4"},
		{"not where they did", asked(lanes(6), andMore...), "copy_flush_bytes 4MiB, 16MiB beside 8MiB"},
		{"still more instead", asked(lanes(6), allMore...), "parallelism 9 beside 6"},
		{"and then nothing", asked(lanes(6), append(allMore[:len(allMore):len(allMore)], lanes(9))...), ""},
		{"fewer lanes at once where there cannot be more", policy.ProposeRequest{Knobs: four, Baseline: baseline(), Leader: baseline()},
			"parallelism 2 beside 4"},
		{"then the flush", asked(nil, andLanes...), "copy_flush_bytes 4MiB, 16MiB beside 8MiB"},
		{"only larger ones, where the lanes wait", waiting(1, 0.3, asked(nil, andLanes...)), "copy_flush_bytes 16MiB beside 8MiB"},
		{"none, where they do not", waiting(1, 0.01, asked(nil, andLanes...)), "copy_format text beside binary"},
		{"then the format", asked(nil, andFlush...), "copy_format text beside binary"},
		{"then nothing", asked(nil, all...), ""},
		{"more lanes at once, where they gain much", gaining(1.4, asked(lanes(6), andLanes...)), "parallelism 12 beside 6"},
		{"not at once, where they gain less", gaining(1.1, asked(lanes(6), andLanes...)), "copy_format text beside binary"},
		{"more lanes still", asked(lanes(6), all...), "parallelism 9 beside 6"},
		{"fewer still", asked(lanes(2), all...), "parallelism 1 beside 2"},
		{"a larger flush still", waiting(1, 0.3, asked(flush(16), all...)), "copy_flush_bytes 32MiB beside 16MiB"},
		{"the lanes first, where they hardly wait for the source", waiting(0.1, 0.2, asked(nil)), "parallelism 6 beside 4"},
		{"the flush before that, where they wait for little else", waiting(0.1, 0.4, asked(nil)), "copy_flush_bytes 16MiB beside 8MiB"},
		{"not where it is the link that they wait for", linked(2, waiting(0.1, 0.4, asked(nil))), "parallelism 6 beside 4"},
		{"but where flushes are so many", linked(16, waiting(0.1, 0.4, asked(nil))), "copy_flush_bytes 16MiB beside 8MiB"},
		{"and the mode at last", waiting(0.1, 0.2, asked(nil, all[2:]...)), "partition_mode range, mod beside ctid"},
		{"knobs that it does not know", policy.ProposeRequest{Knobs: others, Baseline: standing, Leader: standing}, "batch 150 beside 100"},
		{"without any knob", policy.ProposeRequest{}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := propose(tc.r); got.Note != tc.want {
				t.Errorf("got %q, want %q", got.Note, tc.want)
			}
		})
	}
}

// TestProposeOneKnob shows that a candidate names one knob only: the others stay
// as the leader has them.
func TestProposeOneKnob(t *testing.T) {
	want := []policy.Setting{{"partition_mode": policy.EnumValue("range")}, {"partition_mode": policy.EnumValue("mod")}}
	if diff := cmp.Diff(want, propose(waiting(1, 0, asked(nil))).Candidates); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
