package hcl

import (
	"regexp"
	"slices"
	"strings"
)

// mask stands in an excerpt or a message for what must not be shown.
const mask = "***"

// span is a stretch of text, in bytes.
type span struct{ from, to int }

// secretForms find secrets in text that may not even parse, so they go by looks
// and rather hide too much. The group is what to hide.
var secretForms = []*regexp.Regexp{
	// A connection string as the value of a dsn attribute, to the end of the line.
	regexp.MustCompile(`(?i)\bdsn\s*=\s*"([^\n]*)`),
	// The password of a URL, to the end of the line: it may itself hold an @.
	regexp.MustCompile(`://[^:@\s"]*:([^\n]*)`),
	// password=…, "token": …, to the end of the line.
	regexp.MustCompile(`(?i)(?:pass(?:word|wd|phrase)?|pwd|secret|token|api_?key)["']?\s*[=:]\s*([^\n]*)`),
}

// secretsIn finds what looks like a secret.
func secretsIn(text string) []span {
	var found []span
	for _, form := range secretForms {
		for _, m := range form.FindAllStringSubmatchIndex(text, -1) {
			if m[2] < m[3] {
				found = append(found, span{m[2], m[3]})
			}
		}
	}
	return found
}

// maxMessage is how many characters of a message are kept: it may quote a name
// of any length.
const maxMessage = 300

// clean makes text safe to print: without secrets, control characters or
// excessive length.
func clean(text string) string {
	for _, form := range secretForms {
		text = form.ReplaceAllStringFunc(text, func(m string) string {
			at := form.FindStringSubmatchIndex(m)
			return m[:at[2]] + mask + m[at[3]:]
		})
	}
	runes := []rune(strings.Map(printable, text))
	if len(runes) > maxMessage {
		runes = append(slices.Clip(runes[:maxMessage]), '…')
	}
	return string(runes)
}
