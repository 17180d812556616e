package main

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"

	"github.com/rapidbyte/rbt/internal/pgtest"
)

// screen is a terminal that a run writes to.
type screen struct {
	ended chan struct{} // closed when nothing more comes

	mu  sync.Mutex
	vt  vt10x.Terminal
	raw bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.raw.Write(p)
	return s.vt.Write(p)
}

func (s *screen) resize(columns, rows int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.vt.Resize(columns, rows)
}

// lines are what can be seen.
func (s *screen) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []string
	for _, line := range strings.Split(s.vt.String(), "\n") {
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return lines
}

// count is how many lines match.
func count(lines []string, pattern string) int {
	re, n := regexp.MustCompile(pattern), 0
	for _, line := range lines {
		if re.MatchString(line) {
			n++
		}
	}
	return n
}

// inTerminal runs a pipeline in a terminal, and calls meanwhile while it is at work.
func inTerminal(t *testing.T, columns int, pipeline string, env []string, meanwhile func(s *screen, terminal *os.File)) *screen {
	t.Helper()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, `CREATE TABLE a AS SELECT i, repeat('x', 500) AS v FROM generate_series(1, 60000) i;
		CREATE TABLE b AS SELECT i, repeat('x', 500) AS v FROM generate_series(1, 40000) i; CREATE TABLE small (i int); ANALYZE;
		CREATE FUNCTION slow(int) RETURNS int LANGUAGE plpgsql AS 'begin if $1 % 1000 = 0 then perform pg_sleep(0.02); end if; return $1; end'`)
	cmd := rbt(t, build(t), src, dst, pipeline)
	cmd.Env = append(append(cmd.Env, "TERM=xterm"), env...)
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: uint16(columns)})
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	s := &screen{vt: vt10x.New(vt10x.WithSize(columns, 24)), ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		buffer := make([]byte, 4096)
		for {
			n, err := terminal.Read(buffer)
			_, _ = s.Write(buffer[:n])
			if err != nil { // the program has ended
				return
			}
		}
	}()
	if meanwhile != nil {
		meanwhile(s, terminal)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, strings.Join(s.lines(), "\n"))
	}
	<-s.ended
	return s
}

// until looks at the screen again and again, and reports whether it came to show
// what is looked for before the program ended.
func (s *screen) until(seen func(lines []string) bool) bool {
	for {
		if seen(s.lines()) {
			return true
		}
		select {
		case <-s.ended:
			return false
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// moving reports whether a bar says how far it is.
func moving(lines []string) bool { return count(lines, ` %, `) > 0 }

// slowly is a pipeline that takes about a second.
const slowly = `
	stream "public.a" {
		column "i" { expr = "public.slow(i)" }
	}
	stream "public.*" {
		exclude = ["slow"]
	}
	pin {
		parallelism = 1
	}`

// TestTerminal holds that bars move in place: at no time does the screen show one
// twice, in the end it shows each once, full, and a table that fits.
func TestTerminal(t *testing.T) {
	t.Parallel()
	moved := false
	s := inTerminal(t, 100, slowly, nil, func(s *screen, _ *os.File) {
		twice := s.until(func(lines []string) bool {
			moved = moved || moving(lines)
			return count(lines, `^public\.a +\[`) > 1
		})
		if twice {
			t.Errorf("the bar is there twice:\n%s", strings.Join(s.lines(), "\n"))
		}
	})
	lines := s.lines()
	for _, pattern := range []string{`^public\.a +\[=+\] +done, 60,000 rows`, `^public\.b +\[=+\] +done, 40,000 rows`, `^STREAM +ROWS +SIZE +TIME +SPEED$`, `^total +100,000 `} {
		if count(lines, pattern) != 1 {
			t.Errorf("the screen does not show %s once:\n%s", pattern, strings.Join(lines, "\n"))
		}
	}
	if !moved {
		t.Errorf("nobody saw it move:\n%s", s.raw.String())
	}
	for _, line := range lines {
		if len([]rune(line)) > 100 {
			t.Errorf("a line of %d: %s", len(line), line)
		}
	}
}

// TestTerminalResized makes the terminal narrower while bars move: no bar breaks
// its line, which would leave a copy of it at every step.
func TestTerminalResized(t *testing.T) {
	t.Parallel()
	s := inTerminal(t, 120, slowly, nil, func(s *screen, terminal *os.File) {
		s.until(moving)
		for _, columns := range []int{70, 50, 90} {
			s.resize(columns, 24)
			if err := pty.Setsize(terminal, &pty.Winsize{Rows: 24, Cols: uint16(columns)}); err != nil {
				t.Error(err)
			}
			time.Sleep(200 * time.Millisecond)
		}
	})
	// Each change of the width may leave what was drawn for the old one.
	if n := count(s.lines(), `^public\.a +\[`); n < 1 || n > 4 {
		t.Errorf("the bar is there %d times:\n%s", n, strings.Join(s.lines(), "\n"))
	}
}

// TestTerminalPlain holds that NO_COLOR and a dumb terminal are respected.
func TestTerminalPlain(t *testing.T) {
	t.Parallel()
	colour := regexp.MustCompile(`\x1b\[[0-9;]*m`)
	s := inTerminal(t, 80, `stream "public.small" {}`, []string{"NO_COLOR=1"}, nil)
	if found := colour.FindString(s.raw.String()); found != "" {
		t.Errorf("with NO_COLOR there is %q", found)
	}
	s = inTerminal(t, 80, `stream "public.small" {}`, []string{"TERM=dumb"}, nil)
	if strings.Contains(s.raw.String(), "\x1b") || count(s.lines(), `^public\.small: done, 0 rows`) != 1 {
		t.Errorf("on a dumb terminal: %q", s.raw.String())
	}
}
