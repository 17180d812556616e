package wasm

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy/builtin"
)

func TestClean(t *testing.T) {
	for _, tc := range []struct {
		text string
		most int
		want string
	}{
		{"plain, ünïcode, 漢字", 64, "plain, ünïcode, 漢字"},
		{"\x1b[31mred\x1b[0m\r\n\ttab\x00\x7f\u0085", 64, " [31mred [0m   tab   "},
		{"a\u202eb\u2066c\u200fd\u2028e\u2029f", 64, "a b c d e f"},
		{"bad \xff\xfe\xc3", 64, "bad \ufffd"},
		{"12345678", 8, "12345678"},
		{"123456789", 8, "12345…"},
		{"ééééé", 8, "éé…"}, // 10 bytes; 5 are left for letters, of which é takes 2
		{"漢字漢字", 8, "漢…"},
		{"", 8, ""},
	} {
		got := clean(tc.text, tc.most)
		if got != tc.want || len(got) > tc.most || !utf8.ValidString(got) {
			t.Errorf("clean(%q, %d) = %q, want %q", tc.text, tc.most, got, tc.want)
		}
	}
}

func TestPrinted(t *testing.T) {
	for _, tc := range []struct{ printed, want string }{
		{"", ""},
		{"  \n\n", ""},
		{"hello\nworld\n", `, having printed "hello"`},
		{"starting\npanic: oh no\n\ngoroutine 1 [running]:\n", `, having printed "panic: oh no"`},
		{"starting\nfatal error: out of memory\n", `, having printed "fatal error: out of memory"`},
		{"a \"quoted\" \x1b word", `, having printed "a \"quoted\"   word"`},
	} {
		var p printed
		for _, b := range []byte(tc.printed) {
			if n, err := p.Write([]byte{b}); n != 1 || err != nil {
				t.Fatal(n, err)
			}
		}
		if got := p.excerpt(); got != tc.want {
			t.Errorf("%q: %s, want %s", tc.printed, got, tc.want)
		}
	}
	var p printed
	for range 10 {
		if n, err := p.Write(make([]byte, maxPrinted-1)); n != maxPrinted-1 || err != nil {
			t.Fatal(n, err)
		}
	}
	if len(p.kept) != maxPrinted {
		t.Errorf("%d bytes are kept", len(p.kept))
	}
}

// TestLog shows what becomes of what a module logs: row 33.
func TestLog(t *testing.T) {
	for _, tc := range []struct {
		module string
		limit  time.Duration
		want   []string
	}{
		{"log", time.Minute, []string{
			"ERROR a\ufffdb [31m c ",
			`DEBUG {"c`,
			"WARN " + strings.Repeat("x", maxLogLine-3) + "…",
		}},
		{"log_many", time.Minute, append(slices.Repeat([]string{`INFO {"c`}, maxLogLines), "WARN 99968 more lines of one call were dropped")},
		{"log_flood", 100 * time.Millisecond, nil},
	} {
		var got []string
		p, err := Load(t.Context(), File(t, tc.module), Options{Limits: Limits{Call: tc.limit}, Log: func(level slog.Level, text string) {
			got = append(got, level.String()+" "+text)
		}})
		if err != nil {
			t.Fatal(err)
		}
		p.Call(t.Context(), opPropose, []byte("?"))
		p.Close()                     // a module that was not waited for may still be at it
		if tc.module == "log_flood" { // until it is stopped
			if len(got) != maxLogLines+1 || !strings.HasSuffix(got[maxLogLines], "more lines of one call were dropped") {
				t.Errorf("%d lines: %v", len(got), got)
			}
			continue
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.module, diff)
		}
	}
}

// TestLogInAll holds that a module that says much in each call is cut short in
// the end.
func TestLogInAll(t *testing.T) {
	SkipLong(t)
	var got []string
	p, err := Load(t.Context(), File(t, "log_many"), Options{Limits: Limits{Call: time.Minute}, Log: func(_ slog.Level, text string) {
		got = append(got, text)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for range maxLogInAll/maxLogLines + 2 {
		p.Call(t.Context(), opPropose, []byte("?"))
	}
	if len(got) != maxLogInAll+1 || got[maxLogInAll] != "these are 1000 lines; what more there is to say is dropped" {
		t.Errorf("%d lines, the last: %q", len(got), got[len(got)-1])
	}
}

// TestUnknownFields holds that what means nothing in answers is told, once.
func TestUnknownFields(t *testing.T) {
	var told []string
	var p *Policy
	load := func(answer string) {
		var err error
		p, err = Load(t.Context(), Proposes(answer), Options{Fallback: builtin.New(), Log: func(level slog.Level, text string) {
			p.Info() // who logs may want to know who says it
			told = append(told, fmt.Sprint(level, " ", text))
		}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.Close() })
	}
	ask := func() {
		propose, _ := Asked(2, 2)
		for range 3 {
			if _, err := p.Propose(context.Background(), propose); err != nil {
				t.Fatal(err)
			}
		}
	}
	load(`{"candidates":[],"stat":"s","no\u001bte":"n"}`)
	ask()
	want := []string{"WARN answers have a field that is not known: stat", "WARN answers have a field that is not known: no te"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var fields []string
	for i := range 100 {
		fields = append(fields, fmt.Sprintf(`"f%d":0`, i))
	}
	told = nil
	load(`{"candidates":[],` + strings.Join(fields, ",") + `}`)
	ask()
	if len(told) != maxLogLines {
		t.Errorf("%d fields were told, want %d", len(told), maxLogLines)
	}
}
