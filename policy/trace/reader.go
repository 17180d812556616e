package trace

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxLine is far more than any line that a [Writer] writes: what is longer is
// no trace.
const maxLine = 64 << 20

// Reader reads a trace. Not for concurrent use.
type Reader struct {
	in     *bufio.Reader
	name   string
	line   int
	header Header
	whole  bool   // a summary was read
	cut    string // why the trace is not whole
}

// NewReader reads the header of a trace. name is what errors call the file.
func NewReader(in io.Reader, name string) (*Reader, error) {
	r := &Reader{in: bufio.NewReaderSize(in, 64<<10), name: name}
	line, err := r.readLine()
	if err != nil && err != io.EOF {
		return nil, err
	}
	var probe struct {
		Format *int `json:"rbt_trace"`
	}
	if json.Unmarshal(line, &probe) != nil || probe.Format == nil {
		return nil, r.fail(errors.New(`no trace of rbt: its first line lacks "rbt_trace"`))
	}
	if *probe.Format != Format {
		return nil, r.fail(fmt.Errorf("a trace of format %d, and this version of rbt reads format %d", *probe.Format, Format))
	}
	if err := json.Unmarshal(line, &r.header); err != nil {
		return nil, r.fail(err)
	}
	return r, nil
}

// Header is the trace's first line.
func (r *Reader) Header() Header { return r.header }

// Next returns the next entry. Behind the last one its error is [io.EOF], and
// [Reader.Cut] says whether that is the end that the run meant. Any other error
// names the file and the line.
func (r *Reader) Next() (Entry, error) {
	line, err := r.readLine()
	ended := err == io.EOF
	if err != nil && !ended {
		return Entry{}, err
	}
	if ended && len(line) == 0 {
		if r.cut == "" && !r.whole {
			r.cut = "it has no summary: the run was killed, or is still at work"
		}
		return Entry{}, io.EOF
	}
	e, err := r.parse(line)
	if err != nil && ended { // a write that was cut off, or what a file system makes of one
		r.cut = fmt.Sprintf("it ends in the middle of line %d: the run was killed, or is still at work", r.line)
		return Entry{}, io.EOF
	}
	if err != nil {
		return Entry{}, r.fail(err)
	}
	if _, ok := e.Record.(Summary); ok {
		r.whole = true
	}
	return e, nil
}

// Cut says, behind the last entry, why the trace is not whole; it is empty
// where it is.
func (r *Reader) Cut() string { return r.cut }

// parse reads an entry.
func (r *Reader) parse(line []byte) (Entry, error) {
	var head struct {
		Type string   `json:"type"`
		At   *float64 `json:"at_secs"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return Entry{}, err
	}
	if head.Type == "" || head.At == nil {
		return Entry{}, errors.New("a record needs a type and at_secs")
	}
	rec, err := decode(head.Type, line)
	if err != nil {
		return Entry{}, fmt.Errorf("record %q: %w", head.Type, err)
	}
	return Entry{Line: r.line, At: *head.At, Record: rec}, nil
}

// readLine returns the next line without its line break. With [io.EOF] it is
// the rest of the file, which had none.
func (r *Reader) readLine() ([]byte, error) {
	r.line++
	var line []byte
	for {
		piece, err := r.in.ReadSlice('\n')
		line = append(line, piece...)
		switch {
		case len(line) > maxLine:
			return nil, r.fail(fmt.Errorf("the line is longer than %d MiB", maxLine>>20))
		case err == nil:
			return line[:len(line)-1], nil
		case err == io.EOF:
			return line, io.EOF
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, r.fail(err)
		}
	}
}

func (r *Reader) fail(err error) error {
	return fmt.Errorf("%s:%d: %w", r.name, r.line, err)
}
