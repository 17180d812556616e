package hcl

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	"pgregory.net/rapid"
)

func TestPatternMatch(t *testing.T) {
	for _, tc := range []struct {
		pattern, schema, table string
		want                   bool
	}{
		{"orders", "public", "orders", true},
		{"public.orders", "public", "Orders", false},
		{"public.*", "public", "", true},
		{"*.*", "sales", "orders", true},
		{"public.audit_*", "public", "audit_", true},
		{"public.audit_*", "public", "audits", false},
		{"public.*_2?_*", "public", "a_2_b_24_c", true},
		{"public.*_2?_*", "public", "a_2_b", false},
		{"public.?", "public", "é", true},
		{"public.?", "public", "ab", false},
		{`public."a*"`, "public", "a*", true},
		{`public."a*"`, "public", "ab", false},
		{`"my.schema"."say ""hi"""`, "my.schema", `say "hi"`, true},
	} {
		p, err := ParsePattern(tc.pattern)
		if err != nil {
			t.Errorf("%s: %v", tc.pattern, err)
		} else if got := p.Match(tc.schema, tc.table); got != tc.want {
			t.Errorf("%s matches %s.%s: %v", tc.pattern, tc.schema, tc.table, got)
		}
	}
}

func TestGlobIsNotExponential(t *testing.T) {
	p, err := ParsePattern(strings.Repeat("*a", 500) + "b")
	if err != nil {
		t.Fatal(err)
	}
	if p.Match("public", strings.Repeat("a", 5000)) {
		t.Error("matches without a b")
	}
}

// TestQuotedNamesReadBack writes any schema and table as a label, through HCL,
// and expects the same names from the pipeline.
func TestQuotedNamesReadBack(t *testing.T) {
	name := rapid.StringMatching(`[a-zA-Z."*?$%{} é\\\n-]{1,12}`)
	rapid.Check(t, func(t *rapid.T) {
		schema, table := name.Draw(t, "schema"), name.Draw(t, "table")
		label := sqlQuote(schema) + "." + sqlQuote(table)
		p, err := ParsePattern(label)
		if err != nil {
			t.Fatal(err)
		}
		if p.HasWildcard() || !p.Match(schema, table) {
			t.Errorf("%s does not match %q.%q", p, schema, table)
		}
		if back, err := ParsePattern(p.String()); err != nil || back != p {
			t.Errorf("%s reads back as %s, %v", p, back, err)
		}
		file := strings.Replace(minimal, `"public.orders"`, string(hclwrite.TokensForValue(cty.StringVal(label)).Bytes()), 1)
		pipe, err := Parse([]byte(file), "p.hcl", Options{})
		if err != nil {
			t.Fatalf("%v\n%s", err, file)
		}
		if s := pipe.Streams[0]; s.Schema != schema || s.Table != table || s.IsPattern {
			t.Errorf("%s is %q.%q, pattern %v", label, s.Schema, s.Table, s.IsPattern)
		}
	})
}

func sqlQuote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

func TestSecretIsNotPrinted(t *testing.T) {
	p := Pipeline{Source: Source{DSN: "s3cr3t"}}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		refuteSecrets(t, fmt.Sprintf(format, p))
		refuteSecrets(t, fmt.Sprintf(format, &p.Source.DSN))
	}
	b, err := json.Marshal(p.Source)
	if err != nil {
		t.Fatal(err)
	}
	refuteSecrets(t, string(b))
}
