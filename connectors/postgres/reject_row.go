package postgres

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rapidbyte/rbt/connectors"
)

// keptOfRow is how much of a bad row is kept, in bytes. A longer one can be found
// by its key, but not be tried again.
const keptOfRow = 256 << 10

// rejectedRow is a row as COPY writes it in text: values between tabs.
type rejectedRow struct {
	text []byte
	cut  bool // it is longer
}

func (r *rejectedRow) add(piece []byte) {
	room := keptOfRow - len(r.text)
	if len(piece) > room {
		piece, r.cut = piece[:room], true
	}
	r.text = append(r.text, piece...)
}

// Write makes it an io.Writer for COPY.
func (r *rejectedRow) Write(piece []byte) (int, error) {
	r.add(piece)
	return len(piece), nil
}

// line is the row as a text that a database of the encoding can keep: bytes that
// it may not know are written as COPY's \xHH.
func (r *rejectedRow) line(encoding string) string {
	return bookText(strings.TrimSuffix(string(r.text), "\n"), encoding)
}

func bookText(text, encoding string) string {
	var b strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		if r >= utf8.RuneSelf && encoding != "UTF8" || r == utf8.RuneError && n == 1 {
			for _, c := range []byte(text[:n]) {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		} else {
			b.WriteString(text[:n])
		}
		text = text[n:]
	}
	return b.String()
}

// key names the row for people: id=7, name=NULL.
func (r *rejectedRow) key(columns, key []string, encoding string) string {
	fields := strings.Split(r.line(encoding), "\t")
	var parts []string
	for _, name := range key {
		i := slices.Index(columns, name)
		if i < 0 || i >= len(fields) {
			continue
		}
		value := fields[i]
		if value == `\N` {
			value = "NULL"
		}
		parts = append(parts, name+"="+shorten(value, longestKey))
	}
	return bookText(strings.Join(parts, ", "), encoding)
}

// keyValues is the SQL of the key's values, as they were sent: not every database
// has a text for them.
func (r *rejectedRow) keyValues(columns, key []string) string {
	fields := strings.Split(strings.TrimSuffix(string(r.text), "\n"), "\t")
	var values []string
	for _, name := range key {
		i := slices.Index(columns, name)
		if r.cut || i < 0 || i >= len(fields) || fields[i] == `\N` {
			return "NULL"
		}
		values = append(values, fmt.Sprintf(`E'\\x%x'`, copyEscapes.Replace(fields[i])))
	}
	return "ARRAY[" + strings.Join(values, ", ") + "]::bytea[]"
}

// longestKey is how much of a key's value is kept.
const longestKey = 200

// refusal is what a server said against a row.
func refusal(err error) (code, text string) {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return "", err.Error()
	}
	text = pg.Message
	if pg.Detail != "" {
		text += "; " + pg.Detail
	}
	return pg.Code, text
}

// insertReject is the statement that puts a row of a part aside. A part without a
// mark stands for all rows, when they are to become visible.
func insertReject(p connectors.Part, row rejectedRow, refused error, encoding string) string {
	code, text := refusal(refused)
	mark := "NULL"
	if p.Mark > 0 {
		mark = strconv.FormatInt(p.Mark, 10)
	}
	return fmt.Sprintf("INSERT INTO _rbt.rejects (run_id, stream, generation, mark, key, key_values, code, error, row, cut)"+
		" VALUES (%s, %s, %d, %s, %s, %s, %s, %s, %s, %t)",
		literal(p.RunID), literal(p.Stream), p.Generation, mark, literal(row.key(p.Sift.Columns, p.Sift.Key, encoding)),
		row.keyValues(p.Sift.Columns, p.Sift.Key), literal(code), literal(bookText(text, encoding)), literal(row.line(encoding)), row.cut)
}
