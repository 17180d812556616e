package postgres

import "testing"

func TestModifiersHold(t *testing.T) {
	for _, tc := range []struct {
		to, from string
		want     bool
	}{
		{"numeric", "numeric(10,2)", true}, {"numeric(10,2)", "numeric", false},
		{"numeric(10,2)", "numeric(10,2)", true}, {"numeric(12,4)", "numeric(10,2)", true},
		{"numeric(12,4)", "numeric(10,1)", false}, {"numeric(10,2)", "numeric(10,3)", false},
		{"numeric(3,-2)", "numeric(5,0)", false}, {"numeric(5,0)", "numeric(3,-2)", true},
		{"numeric(10,0)", "integer", true}, {"numeric(10,1)", "integer", false}, {"numeric(19,0)", "bigint", true}, {"numeric(5,2)", "real", false},
		{"numeric(12,4)[]", "numeric(10,2)[]", true}, {"numeric(10,2)[]", "numeric(12,4)[]", false},
		{"character varying(10)", "character varying(9)", true}, {"character varying(9)", "character varying(10)", false},
		{"character varying(9)", "text", false}, {"text", "character varying(9)", true}, {"character varying", "text", true},
		{"character varying(36)", "uuid", true}, {"character varying(10)", "integer", false}, {"character varying(11)", "integer", true},
		{"character(4)", "character(3)", true}, {"character(3)", "character(4)", false},
		{"bit(3)", "bit(3)", true}, {"bit(4)", "bit(3)", false}, {"bit(3)", "bit varying(3)", false}, {"interval hour to minute", "interval", false}, {"bit varying(4)", "bit varying(3)", true}, {"bit varying(3)", "bit varying", false},
		{"timestamp(3) with time zone", "timestamp with time zone", false}, {"timestamp(6) with time zone", "timestamp with time zone", true},
		{"timestamp(3) without time zone", "timestamp(0) without time zone", true}, {"timestamp(0) without time zone", "date", true},
		{"time(0) without time zone", "time(3) without time zone", false}, {"interval(3)", "interval", false}, {"interval", "interval(3)", true},
		{"public.odd(7)", "public.odd(8)", true}, // the destination says what it does not take
	} {
		if got := modifiersHold(tc.to, tc.from); got != tc.want {
			t.Errorf("%s holds %s: %v", tc.to, tc.from, got)
		}
	}
}
