package trace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/rapidbyte/rbt/policy"
)

// records are one of every type that a trace can hold.
func records() []Record {
	return []Record{Run{}, Stream{}, Kept{}, Started{}, Skipped{}, Call{}, Window{}, Clamp{}, Fault{}, Decision{},
		Steady{}, Part{}, Retry{}, Note{}, Loaded{}, Step{}, Done{}, Summary{}, Lost{}}
}

// TestRoundTrip writes random records of every type and reads them back.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		header := random(t, reflect.TypeFor[Header]()).Interface().(Header)
		header.Format = Format
		var want []Entry
		var text bytes.Buffer
		w := NewWriter(&text, header)
		for i, r := range records() {
			r = random(t, reflect.TypeOf(r)).Interface().(Record)
			at := time.Duration(rapid.Int64Range(0, 1e15).Draw(t, "at")).Round(time.Microsecond)
			w.Write(at, r)
			want = append(want, Entry{Line: i + 2, At: at.Seconds(), Record: r})
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		got, cut, err := read(text.String())
		if err != nil || cut != "" {
			t.Fatalf("%v, cut: %q\n%s", err, cut, &text)
		}
		near := cmpopts.EquateApprox(1e-12, 0)
		if diff := cmp.Diff(want, got.entries, near, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("-want +got:\n%s\n%s", diff, &text)
		}
		if diff := cmp.Diff(header, got.header); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
	})
}

// random draws a value of a type that JSON can hold.
func random(t *rapid.T, of reflect.Type) reflect.Value {
	v := reflect.New(of).Elem()
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Unix(0, rapid.Int64Range(0, 4e18).Draw(t, "time")).UTC()))
		return v
	case policy.Kind:
		v.SetInt(rapid.Int64Range(0, 2).Draw(t, "kind"))
		return v
	case policy.Value:
		value := policy.IntValue(rapid.Int64().Draw(t, "int"))
		if rapid.Bool().Draw(t, "enum") {
			value = policy.EnumValue(rapid.StringN(1, 9, -1).Draw(t, "name"))
		}
		v.Set(reflect.ValueOf(value))
		return v
	case json.RawMessage:
		text, _ := json.Marshal(rapid.String().Draw(t, "json"))
		v.SetBytes(text)
		return v
	}
	switch of.Kind() {
	case reflect.Struct:
		for i := range of.NumField() {
			v.Field(i).Set(random(t, of.Field(i).Type))
		}
	case reflect.Pointer:
		v.Set(reflect.New(of.Elem()))
		v.Elem().Set(random(t, of.Elem()))
	case reflect.Slice:
		for range rapid.IntRange(0, 2).Draw(t, "length") {
			v.Set(reflect.Append(v, random(t, of.Elem())))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(of))
		for range rapid.IntRange(0, 2).Draw(t, "length") {
			v.SetMapIndex(random(t, of.Key()), random(t, of.Elem()))
		}
	case reflect.String:
		v.SetString(rapid.String().Draw(t, "text"))
	case reflect.Int, reflect.Int64:
		v.SetInt(rapid.Int64().Draw(t, "int"))
	case reflect.Uint64:
		v.SetUint(rapid.Uint64().Draw(t, "uint"))
	case reflect.Float64:
		v.SetFloat(rapid.Float64().Draw(t, "float"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	default:
		t.Fatalf("no idea how to draw a %s", of)
	}
	return v
}

type content struct {
	header  Header
	entries []Entry
}

func read(text string) (c content, cut string, err error) {
	r, err := NewReader(strings.NewReader(text), "t.jsonl")
	if err != nil {
		return c, "", err
	}
	c.header = r.Header()
	for {
		e, err := r.Next()
		if err == io.EOF {
			return c, r.Cut(), nil
		}
		if err != nil {
			return c, "", err
		}
		c.entries = append(c.entries, e)
	}
}

const (
	head    = `{"rbt_trace":1,"run":"01J","pipeline":"shop"}` + "\n"
	note    = `{"type":"note","at_secs":1,"text":"hello"}` + "\n"
	summary = `{"type":"summary","at_secs":2,"status":"done"}` + "\n"
)

func TestReader(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		entries    int
		cut, err   string
	}{
		{name: "whole", text: head + note + summary, entries: 2},
		{name: "behind the summary", text: head + summary + note, entries: 2},
		{name: "from Windows", text: strings.ReplaceAll(head+note+summary, "\n", "\r\n"), entries: 2},
		{name: "unknown type", text: head + `{"type":"tide","at_secs":1,"level":3}` + "\n" + summary, entries: 2},
		{name: "unknown field", text: head + `{"type":"note","at_secs":1,"text":"x","tide":3}` + "\n" + summary, entries: 2},
		{name: "last line unbroken", text: head + strings.TrimSpace(summary), entries: 1},
		{name: "killed between lines", text: head + note, entries: 1,
			cut: "it has no summary: the run was killed, or is still at work"},
		{name: "killed in a line", text: head + note + note[:20], entries: 1,
			cut: "it ends in the middle of line 3: the run was killed, or is still at work"},
		{name: "the machine crashed", text: head + note + strings.Repeat("\x00", 4096), entries: 1,
			cut: "it ends in the middle of line 3: the run was killed, or is still at work"},
		{name: "garbage in the middle", text: head + note[:20] + "\n" + summary, err: "t.jsonl:2: unexpected end of JSON input"},
		{name: "blank line", text: head + "\n" + summary, err: "t.jsonl:2: unexpected end of JSON input"},
		{name: "no type", text: head + note + "{}\n", err: "t.jsonl:3: a record needs a type and at_secs"},
		{name: "wrong field", text: head + `{"type":"note","at_secs":1,"text":7}` + "\n", err: `t.jsonl:2: record "note": json: cannot unmarshal number`},
		{name: "wrong kind", text: head + `{"type":"stream","at_secs":1,"knobs":[{"kind":"set"}]}` + "\n", err: `t.jsonl:2: record "stream": "set" is no kind of knob`},
		{name: "wrong value", text: head + `{"type":"steady","at_secs":1,"setting":{"lanes":[]}}` + "\n", err: `t.jsonl:2: record "steady": `},
		{name: "newer", text: `{"rbt_trace":2}` + "\n", err: "t.jsonl:1: a trace of format 2, and this version of rbt reads format 1"},
		{name: "something else", text: "hello\n", err: "t.jsonl:1: no trace of rbt"},
		{name: "other JSON", text: "[1]\n", err: "t.jsonl:1: no trace of rbt"},
		{name: "empty", text: "", err: "t.jsonl:1: no trace of rbt"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, cut, err := read(tc.text)
			switch {
			case tc.err != "" && (err == nil || !strings.HasPrefix(err.Error(), tc.err)):
				t.Errorf("error %v, want %s", err, tc.err)
			case tc.err == "" && (err != nil || len(got.entries) != tc.entries || cut != tc.cut):
				t.Errorf("%d entries, cut %q, error %v", len(got.entries), cut, err)
			}
		})
	}
}

// endless is a file without a line break.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte{' '}, len(p))), nil }

func TestReaderBoundsLines(t *testing.T) {
	_, err := NewReader(endless{}, "/dev/zero")
	if err == nil || err.Error() != "/dev/zero:1: the line is longer than 64 MiB" {
		t.Error(err)
	}
}

// TestCallIsExact holds that a call's input comes back to the byte, whatever is
// in it.
func TestCallIsExact(t *testing.T) {
	in := policy.ProposeRequest{Facts: policy.Facts{Stream: `a<b>&"c"` + "\u2028"}, Config: json.RawMessage(`{"a": "<&>",  "b":1.50}`)}
	out := policy.Proposal{Note: "<why>"}
	var text bytes.Buffer
	w := NewWriter(&text, Header{})
	w.Write(0, NewCall("s", 1, "propose", in, out, "", 1500*time.Microsecond))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, _, err := read(text.String())
	if err != nil {
		t.Fatal(err)
	}
	c := got.entries[0].Record.(Call)
	wantIn, _ := json.Marshal(in)
	wantOut, _ := json.Marshal(out)
	if string(c.Input) != string(wantIn) || string(c.Output) != string(wantOut) || c.Millis != 1.5 {
		t.Errorf("got %s → %s in %v ms\nwant %s → %s", c.Input, c.Output, c.Millis, wantIn, wantOut)
	}
}

func TestCallWithoutNumber(t *testing.T) {
	bad := policy.Scores{Scores: []policy.Score{{Value: math.NaN()}}}
	c := NewCall("s", 1, "score", policy.ScoreRequest{}, bad, "", 0)
	if c.Output != nil || !strings.Contains(c.Error, "the output is no JSON") {
		t.Errorf("%+v", c)
	}
	if c = NewCall("s", 1, "score", policy.ScoreRequest{}, nil, "too late", 0); c.Output != nil || c.Error != "too late" {
		t.Errorf("%+v", c)
	}
}

func TestWriterTellsWhatIsLost(t *testing.T) {
	var text bytes.Buffer
	w := NewWriter(&text, Header{})
	w.Write(time.Second, Steady{Stream: "a"})
	w.Write(2*time.Second, Decision{policy.Decision{Lead: math.Inf(1)}})
	w.Write(3*time.Second, Part{Seconds: math.NaN()})
	w.Write(4*time.Second, Note{Text: "on it goes"})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, _, err := read(text.String())
	if err != nil {
		t.Fatal(err)
	}
	want := []Entry{
		{2, 1, Steady{Stream: "a"}},
		{3, 2, Lost{1, "decision: json: unsupported value: +Inf"}},
		{4, 3, Lost{1, "part: json: unsupported value: NaN"}},
		{5, 4, Note{Text: "on it goes"}},
	}
	if diff := cmp.Diff(want, got.entries); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// stuck is a disk that stands still until it is freed.
type stuck struct {
	free chan struct{}
	bytes.Buffer
}

func (s *stuck) Write(p []byte) (int, error) {
	<-s.free
	return s.Buffer.Write(p)
}

func TestWriterDoesNotWait(t *testing.T) {
	disk := &stuck{free: make(chan struct{})}
	w := NewWriter(disk, Header{})
	const n = 40
	for range n {
		w.Write(time.Second, Note{Text: strings.Repeat("x", 1<<20)})
	}
	close(disk.free)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, _, err := read(disk.String())
	if err != nil {
		t.Fatal(err)
	}
	lost := got.entries[len(got.entries)-1].Record.(Lost)
	if written := len(got.entries) - 1; lost.Reason != "the disk was too slow" || written+lost.Records != n || written < 16 {
		t.Errorf("%d written, %+v", written, lost)
	}
}

func TestWriterGivesUpOnADisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &stuck{free: make(chan struct{})}
		w := NewWriter(disk, Header{})
		if err := w.Close(); err == nil || err.Error() != "the disk does not answer" {
			t.Error(err)
		}
		close(disk.free)
	})
}

// full is a disk that takes so many bytes.
type full int

func (f *full) Write(p []byte) (int, error) {
	if *f -= full(len(p)); *f < 0 {
		return 0, fmt.Errorf("no space left on device")
	}
	return len(p), nil
}

func TestWriterOnAFullDisk(t *testing.T) {
	disk := full(1000)
	w := NewWriter(&disk, Header{})
	for range 1000 {
		w.Write(0, Note{Text: "something"})
	}
	for range 2 {
		if err := w.Close(); err == nil || err.Error() != "no space left on device" {
			t.Error(err)
		}
	}
	w.Write(0, Note{Text: "too late"})
}

// hammer: many may write at the same time.
func TestWriterHammer(t *testing.T) {
	var text bytes.Buffer
	w := NewWriter(&text, Header{})
	done := make(chan struct{})
	for g := range 8 {
		go func() {
			for i := range 200 {
				w.Write(time.Duration(i), Part{Lane: g, Mark: int64(i)})
			}
			done <- struct{}{}
		}()
	}
	for range 8 {
		<-done
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, _, err := read(text.String())
	if err != nil || len(got.entries) != 1600 {
		t.Errorf("%d entries, %v", len(got.entries), err)
	}
}

func FuzzReader(f *testing.F) {
	f.Add(head + note + summary)
	f.Add(head + note[:9])
	f.Add(head + `{"type":"call","at_secs":1,"input":{"a":[1]},"output":null}` + "\n")
	f.Add(head + `{"type":"window","at_secs":1,"setting":{"p":1,"m":"x"},"seq":1}` + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, cut, err := read(text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "t.jsonl:") {
				t.Errorf("the error does not name the file: %v", err)
			}
			return
		}
		// What was read can be cut anywhere and is read as far.
		if cut == "" && len(text) > len(head) {
			if again, _, err := read(text[:len(text)-1]); err == nil && len(again.entries) > len(got.entries) {
				t.Error("a cut trace has more entries")
			}
		}
	})
}
