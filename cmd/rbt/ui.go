package main

// This file is what the commands speak to people with. The rules:
//
//   - Standard output is for results: what a command was asked for. It can be
//     piped into a file, and nothing else is ever in it.
//   - Standard error is for the rest: progress, notes, warnings, errors.
//     A command that succeeds quietly (--quiet) writes nothing there.
//   - Errors begin with "rbt: ", in lower case and without a full stop, and go
//     on with what to do ("  try: …"). Each is printed once, by finish.
//   - With --log-format json every line of standard error is a JSON object.
//   - Colours and moving bars only where standard error is a terminal;
//     NO_COLOR takes the colours away.
//   - No DSN is printed: hcl.Secret hides it, and connectors leave it out of
//     their errors. testdata/secrets.txtar holds that.
//
// Exit codes: 0 done, 1 failed, 2 bad usage or bad file.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/term"

	"github.com/rapidbyte/rbt/hcl"
)

const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// ui is a command's way to the outside.
type ui struct {
	stdin  io.Reader
	stdout *results
	quiet  bool // nothing but results and errors
	json   bool // standard error in JSON lines
	log    *slog.Logger

	terminal bool // standard error is one
	color    bool
	width    int  // of the terminal, at the beginning
	resizes  bool // its width may change

	mu     sync.Mutex // guards stderr: bars take it over while they move
	stderr io.Writer
}

func newUI(stdin io.Reader, stdout, stderr io.Writer) *ui {
	u := &ui{stdin: stdin, stdout: &results{to: stdout}, stderr: stderr, width: 80}
	if f, ok := stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb" {
		u.terminal = true
		u.color = os.Getenv("NO_COLOR") == ""
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			u.width, u.resizes = width, true
		}
	}
	o := slog.HandlerOptions{Level: slog.LevelInfo}
	if debugging() {
		o.Level = slog.LevelDebug
	}
	u.log = slog.New(slog.NewJSONHandler(lockedWriter{u}, &o))
	return u
}

// debugging says whether a person looks for a mistake.
func debugging() bool { return os.Getenv("RBT_DEBUG") != "" }

// lockedWriter writes to wherever standard error goes at the moment.
type lockedWriter struct{ u *ui }

func (w lockedWriter) Write(p []byte) (int, error) {
	w.u.mu.Lock()
	defer w.u.mu.Unlock()
	return w.u.stderr.Write(p)
}

// divert sends standard error through w until restore is called.
func (u *ui) divert(w io.Writer) (restore func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	before := u.stderr
	u.stderr = w
	return func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.stderr = before
	}
}

// results is standard output. It remembers that a result is lost, so that none of
// those who print has to ask, and finish can tell.
type results struct {
	to   io.Writer
	lost error
}

func (r *results) Write(p []byte) (int, error) {
	n, err := r.to.Write(p)
	if err != nil && r.lost == nil && !errors.Is(err, syscall.EPIPE) { // who closes a pipe has seen enough
		r.lost = fmt.Errorf("the result cannot be written: %w", err)
	}
	return n, err
}

// printf writes a piece of a result.
func (u *ui) printf(format string, args ...any) {
	fmt.Fprintf(u.stdout, format, args...)
}

// printJSON writes a whole result for programs.
func (u *ui) printJSON(v any) error {
	enc := json.NewEncoder(u.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// note tells what goes on.
func (u *ui) note(format string, args ...any) {
	if !u.quiet {
		u.say(slog.LevelInfo, "", fmt.Sprintf(format, args...))
	}
}

// warn tells what a person should know even if they asked for quiet.
func (u *ui) warn(format string, args ...any) {
	u.say(slog.LevelWarn, "rbt: ", fmt.Sprintf(format, args...))
}

func (u *ui) say(level slog.Level, prefix, text string) {
	if u.json {
		u.log.Log(context.Background(), level, text)
		return
	}
	fmt.Fprintln(lockedWriter{u}, prefix+text)
}

// finish prints a command's error, if there is one, and returns the exit code.
func (u *ui) finish(err error) int {
	if lost := u.stdout.lost; lost != nil && (err == nil || errors.Is(err, errReported) || errors.Is(lost, err)) {
		err = lost // else what is told anyway matters more
	}
	if err == nil {
		return exitDone
	}
	if errors.Is(err, errReported) {
		return exitFailed
	}
	var file *fileError
	if errors.As(err, &file) {
		u.mistakes(file)
		return exitUsage
	}
	u.fail(err)
	var usage *usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}

// mistakes prints what is wrong with a pipeline file, each with its line.
func (u *ui) mistakes(file *fileError) {
	for _, err := range file.errs {
		var d *hcl.Diagnostics
		if !u.json || !errors.As(err, &d) {
			hcl.Report(lockedWriter{u}, err, u.color)
			continue
		}
		for _, m := range d.All() {
			u.logError(m.Message, []string{m.Hint}, "at", m.Pos.String())
		}
	}
}

// fail prints an error with what to do about it.
func (u *ui) fail(err error) {
	tries := hints(err)
	if u.json {
		u.logError(err.Error(), tries)
		return
	}
	var text strings.Builder
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	lines = slices.Compact(lines) // a connection is tried with TLS, then without
	fmt.Fprintf(&text, "%s %s\n", u.paint("1;31", "rbt:"), strings.Join(lines, "\n     "))
	for _, try := range tries {
		fmt.Fprintf(&text, "  try: %s\n", try)
	}
	io.WriteString(lockedWriter{u}, text.String())
}

// logError is fail for programs, which get the hints as a list, however many there are.
func (u *ui) logError(message string, tries []string, more ...any) {
	tries = slices.DeleteFunc(append([]string{}, tries...), func(try string) bool { return try == "" })
	u.log.Error(message, append(more, "hints", tries)...)
}

// bug reports a panic: a person gets one line, RBT_DEBUG=1 the stack.
func (u *ui) bug(p any) int {
	u.fail(withHints(fmt.Errorf("internal error: %v", p),
		"report this, with the output of rbt version and what RBT_DEBUG=1 adds here"))
	if debugging() {
		lockedWriter{u}.Write(debug.Stack())
	}
	return exitFailed
}

func (u *ui) paint(code, text string) string {
	if !u.color {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
