package policytest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rapidbyte/rbt/policy/trace"
)

// Accept writes the new answers into the trace, in place of the recorded ones.
// Everything else in the file stays to the byte; a file is replaced whole or not
// at all. From then on it is no record of a run any more, but a list of questions
// with the answers that are wanted.
func (t *Trace) Accept(differences []Difference) error {
	path, err := filepath.EvalSymlinks(t.Path)
	if err != nil {
		return err
	}
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.CreateTemp(filepath.Dir(path), ".rbt-*")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name()) // no more than an attempt: it has another name by then
	buffer := bufio.NewWriter(out)
	err = t.rewrite(in, buffer, differences)
	err = errors.Join(err, buffer.Flush(), out.Chmod(info.Mode().Perm()), out.Sync(), out.Close())
	if err != nil {
		return err
	}
	return os.Rename(out.Name(), path)
}

// rewrite copies the trace with new answers.
func (t *Trace) rewrite(in io.Reader, out io.Writer, differences []Difference) error {
	byLine := map[int]Difference{}
	for _, d := range differences {
		byLine[d.Line] = d
	}
	lines := bufio.NewReader(in)
	for n := 1; ; n++ {
		line, readErr := lines.ReadBytes('\n')
		if readErr != nil && readErr != io.EOF {
			return readErr
		}
		if d, ok := byLine[n]; ok {
			var err error
			if line, err = accepted(line, d.now); err != nil {
				return fmt.Errorf("%s:%d: %w", t.Path, n, err)
			}
		}
		if _, err := out.Write(line); err != nil {
			return err
		}
		if readErr == io.EOF {
			return nil
		}
	}
}

// accepted is the line of a call with the new answer.
func accepted(line []byte, now trace.Call) ([]byte, error) {
	var is trace.Call
	if err := json.Unmarshal(line, &is); err != nil || is.Stream != now.Stream || is.Seq != now.Seq || is.Op != now.Op {
		return nil, errors.New("the trace has changed meanwhile")
	}
	text, err := answerMember(now)
	if err != nil {
		return nil, err
	}
	at, err := members(line)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"output", "error"} {
		if m, ok := at[name]; ok {
			return bytes.Join([][]byte{line[:m.from], text, line[m.to:]}, nil), nil
		}
	}
	after := at["input"].to // a call without an answer
	return bytes.Join([][]byte{line[:after], []byte(","), text, line[after:]}, nil), nil
}

// answerMember writes an answer as a trace has it: "output":… or "error":….
func answerMember(c trace.Call) ([]byte, error) {
	if c.Error == "" {
		return append([]byte(`"output":`), c.Output...), nil
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false) // as a trace.Writer has it
	if err := enc.Encode(c.Error); err != nil {
		return nil, err
	}
	return append([]byte(`"error":`), bytes.TrimSpace(text.Bytes())...), nil
}

// member is where in a line a name with its value is.
type member struct{ from, to int }

// members finds the members of the object that the line is.
func members(line []byte) (map[string]member, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	found := map[string]member{}
	for d.More() {
		before := int(d.InputOffset())
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		from := before + bytes.IndexByte(line[before:], '"') // behind a comma and spaces
		found[fmt.Sprint(name)] = member{from, int(d.InputOffset())}
	}
	return found, nil
}
