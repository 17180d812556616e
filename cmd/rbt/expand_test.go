package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/hcl"
)

// parsePipeline reads a pipeline of which only the streams matter.
func parsePipeline(t *testing.T, streams string) *hcl.Pipeline {
	t.Helper()
	text := `pipeline "p" {}
source "postgres" { dsn = "host=a" }
destination "postgres" { dsn = "host=b" }
` + streams
	p, err := hcl.Parse([]byte(text), "p.hcl", hcl.Options{Knobs: allKnobs()})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var shop = []connectors.TableInfo{
	{Schema: "public", Name: "orders", Kind: connectors.PlainTable},
	{Schema: "public", Name: "audit_log", Kind: connectors.PlainTable},
	{Schema: "public", Name: "events", Kind: connectors.PartitionedTable},
	{Schema: "public", Name: "events_2024", Kind: connectors.PlainTable, PartOf: "public.events"},
	{Schema: "public", Name: "totals", Kind: connectors.View},
	{Schema: "public", Name: "monthly", Kind: connectors.MaterializedView},
	{Schema: "public", Name: "remote", Kind: connectors.ForeignTable},
	{Schema: "public", Name: "Odd.Name", Kind: connectors.PlainTable},
	{Schema: "sales", Name: "orders", Kind: connectors.PlainTable},
}

func TestExpand(t *testing.T) {
	for _, tc := range []struct {
		name, streams string
		want          []string // stream → target, write mode
	}{
		{"all tables of a schema", `stream "public.*" {}`, []string{
			`public."Odd.Name" → public."Odd.Name" replace`, "public.audit_log → public.audit_log replace",
			"public.events → public.events replace", "public.orders → public.orders replace"}},
		{"all tables", `stream "*.orders" {}`, []string{
			"public.orders → public.orders replace", "sales.orders → sales.orders replace"}},
		{"exclude", "stream \"public.*\" {\n exclude = [\"public.audit_*\", \"public.Odd*\", \"public.events\"]\n}",
			[]string{"public.orders → public.orders replace"}},
		{"an exact stream wins, even a later one", "stream \"public.orde??\" {}\n" +
			"stream \"public.orders\" { write_mode = \"append\" }", []string{"public.orders → public.orders append"}},
		{"of patterns the earlier wins", `stream "sales.*" { write_mode = "append" }` + "\n" + `stream "*.orders" {}`,
			[]string{"sales.orders → sales.orders append", "public.orders → public.orders replace"}},
		{"a view, a foreign table and a partition by name", "stream \"public.totals\" {}\nstream \"public.remote\" {}\nstream \"public.events_2024\" {}",
			[]string{"public.totals → public.totals replace", "public.remote → public.remote replace", "public.events_2024 → public.events_2024 replace"}},
		{"target", `stream "public.orders" { target = "sold" }`, []string{"public.orders → public.sold replace"}},
		{"quoted", `stream "public.\"Odd.Name\"" {}`, []string{`public."Odd.Name" → public."Odd.Name" replace`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			streams, err := expand(parsePipeline(t, tc.streams), shop)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range streams {
				got = append(got, s.Name+" → "+streamName(s.TargetSchema, s.Target)+" "+string(s.WriteMode))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestExpandMistakes(t *testing.T) {
	for _, tc := range []struct {
		name, streams string
		want          []string // pieces of the report
	}{
		{"no such table", `stream "public.ordes" {}`,
			[]string{"p.hcl:4:8", `the source has no table "public.ordes"`, `did you mean "public.orders"?`}},
		{"nothing matches", `stream "nope.*" {}`, []string{"p.hcl:4:8", `no table that matches "nope.*"`}},
		{"only views match", `stream "public.tot*" {}`, []string{`no table that matches "public.tot*"`, "views"}},
		{"no such table to leave out", "stream \"public.*\" {\n exclude = [\"public.ordes\", \"public.x*\"]\n}",
			[]string{"p.hcl:4:8", `"public.ordes" is to be left out of "public.*", but the source has no such table`, `did you mean "public.orders"?`}},
		{"all mistakes at once", "stream \"a.b\" {}\nstream \"c.*\" {}", []string{"p.hcl:4:8", "p.hcl:5:8"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := expand(parsePipeline(t, tc.streams), shop)
			var file *fileError
			if !errors.As(err, &file) {
				t.Fatalf("err = %v", err)
			}
			for _, piece := range tc.want {
				if !strings.Contains(err.Error(), piece) {
					t.Errorf("%q is missing in:\n%s", piece, err)
				}
			}
		})
	}
}

func TestExpandOneTargetForTwo(t *testing.T) {
	p := parsePipeline(t, `stream "*.orders" {}`)
	p.Destination.Schema = "raw"
	_, err := expand(p, shop)
	if want := "public.orders and sales.orders would both become raw.orders"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("err = %v, want %s", err, want)
	}
}

func TestExpandNothing(t *testing.T) {
	_, err := expand(parsePipeline(t, "stream \"sales.*\" {\n exclude = [\"sales.orders\"]\n}"), shop)
	if err == nil || !strings.Contains(err.Error(), "nothing to copy") {
		t.Errorf("err = %v", err)
	}
}
