package hcl

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestHostileFiles feeds what makes a recursive parser overflow its stack,
// which a Go program does not survive, or take for ever.
func TestHostileFiles(t *testing.T) {
	n := 100_000
	if testing.Short() {
		n = 10_000
	}
	rep := strings.Repeat
	for name, src := range map[string]string{
		"brackets":           "x = " + rep("[", n) + rep("]", n),
		"brackets in quotes": "x = " + rep(`["]",`, n),
		"open brackets":      rep("[", maxFile),
		"parentheses":        "x = " + rep("(", n) + "1" + rep(")", n),
		"blocks":             rep("a {\n", n) + rep("}\n", n),
		"blocks in one line": rep("a {", n),
		"objects":            "x = " + rep("{a=", n) + "1" + rep("}", n),
		"templates":          "x = " + rep(`"${`, n) + "1" + rep(`}"`, n),
		"template in label":  "x " + rep(`"${`, n),
		"heredocs":           "x = " + rep("<<A\n${", n),
		"if directives":      `x = "` + rep("%{ if true }", n) + `"`,
		"for directives":     `x = "` + rep("%{ for a in b }", n/2) + `"`,
		"not":                "x = " + rep("!", n) + "true",
		"minus":              "x = " + rep("-", n) + "1",
		"minus on lines":     "x = (" + rep("-\n", n) + "1)",
		"sum":                "x = 1" + rep("+1", n),
		"conditions":         "x = " + rep("a?b:", n) + "c",
		"else conditions":    "x = " + rep("a?", n) + "c" + rep(":b", n),
		"calls":              "x = " + rep("env(", n),
		"indexes":            "x = a" + rep("[0]", n),
		"attributes":         "x = a" + rep(".b", n),
		"splats":             "x = a" + rep("[*]", n),
		"dot splats":         "x = a" + rep(".*", 900),
		"for expressions":    "x = " + rep("[for a in ", n),
		"many attributes":    rep("abcdefgh = 1\n", n/2),
		"many blocks":        rep("resources {}\n", n/2),
		"long name":          rep("a", maxFile-10) + " = 1",
		"long line":          "x = [" + rep("y, ", n) + "]",
		"too large":          rep("\n", maxFile+1),
		"newlines":           rep("\n", maxFile),
		"quotes":             rep("\"", maxFile),
		"passwords":          rep("://a:b ", n),
		"password at the at": "://a:" + rep("@", n),
		"combining marks":    "x = \"a" + rep("\u0301", n) + "\"",
		"garbage":            rep("\x01\x02;'`~=}{ ", maxFile/12),
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			p, err := Parse([]byte(src), "x.hcl", testOptions())
			if err == nil {
				t.Fatalf("is a pipeline: %+v", p)
			}
			text := err.Error()
			if len(text) > 32<<10 {
				t.Errorf("the error has %d bytes: %.200s", len(text), text)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestGuardTakesOrdinaryFiles(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(strings.Replace(minimal, "stream", "# [[[ {{{ \nstream", 1))
	for i := range 2000 {
		b.WriteString("stream \"public.t" + strings.Repeat("x", i) + "\" {\n  columns = [\"a\", \"(b)\"]\n}\n")
		if b.Len() > maxFile/2 {
			break
		}
	}
	if _, err := Parse(b.Bytes(), "p.hcl", Options{}); err != nil {
		t.Errorf("%.500s", err)
	}
}

// FuzzParse holds that no bytes panic and that no error shows a secret.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.hcl")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Add([]byte(everything))
	f.Fuzz(func(t *testing.T, src []byte) {
		// The secret stands where a file has it, and its line is always shown.
		src = append([]byte("source \"postgres\" {\n  dsn = \"host=h user=u 0uts1de ${nothing}\"\n}\n"), src...)
		_, err := Parse(src, "f.hcl", testOptions())
		if err == nil {
			t.Fatal("there is nothing named nothing")
		}
		if strings.Contains(err.Error(), outsideSecret) {
			t.Error(err)
		}
	})
}
