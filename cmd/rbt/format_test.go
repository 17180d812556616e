package main

import (
	"testing"
	"time"
)

func TestFormatTook(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                                   "0.0 s",
		4640 * time.Millisecond:             "4.6 s",
		70 * time.Second:                    "1m10s",
		2 * time.Minute:                     "2m",
		time.Hour:                           "1h0m",
		time.Hour + 10*time.Minute + 1400e6: "1h10m1s",
	} {
		if got := formatTook(d); got != want {
			t.Errorf("formatTook(%d) = %q, want %q", d, got, want)
		}
	}
}

func TestShellQuote(t *testing.T) {
	for arg, want := range map[string]string{
		"pipeline.hcl": "pipeline.hcl",
		"":             "''",
		"it's here":    `'it'\''s here'`,
		"a$b":          "'a$b'",
	} {
		if got := shellQuote(arg); got != want {
			t.Errorf("shellQuote(%q) = %s, want %s", arg, got, want)
		}
	}
}

// TestCells holds that what is aligned is aligned on the screen, where a character
// of Chinese takes two cells and an accent none.
func TestCells(t *testing.T) {
	for _, tc := range []struct{ got, want string }{
		{elide("public.orders", 13), "public.orders"},
		{elide("public.orders_of_last_year", 13), "publ…ast_year"},
		{elide("公开的.订单表格", 13), "公开…订单表格"},
		{elide("公开的.订单表格", 12), "公….订单表格"},
		{cut("公开的订单", 10), "公开的订单"},
		{cut("公开的订单", 8), "公开的…"},
		{cut("cafe\u0301s", 5), "cafe\u0301s"},
	} {
		if tc.got != tc.want {
			t.Errorf("%q, want %q", tc.got, tc.want)
		}
	}
	table := table{heading: []string{"STREAM", "ROWS"}}
	table.add("订单", "12")
	table.add("orders", "7")
	if want := "STREAM  ROWS\n订单      12\norders     7\n"; table.String() != want {
		t.Errorf("%q, want %q", table.String(), want)
	}
}

// TestOneLine holds that no name sends a terminal commands, or turns its text around.
func TestOneLine(t *testing.T) {
	got := oneLine("a\nb\x1b[2Jc\x7f\u009b31md\u202ee\u200b订")
	if want := "a b [2Jc 31md e 订"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
