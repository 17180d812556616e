package policy

import (
	"encoding/json"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func TestFormatBytesReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, 1<<50).Draw(t, "n") // exact in the float64 of the parser
		got, err := ParseBytes(FormatBytes(n))
		if err != nil || got != n {
			t.Fatalf("%d → %q → %d, %v", n, FormatBytes(n), got, err)
		}
	})
}

func TestParseBytes(t *testing.T) {
	for text, want := range map[string]int64{"8MiB": 8 << 20, "64kb": 64000, "1.5 GiB": 3 << 29, "12": 12} {
		if got, err := ParseBytes(text); err != nil || got != want {
			t.Errorf("ParseBytes(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "8 apples", "-1MiB", "1e9", "NaN", "0x10", "99999999999999999999TiB"} {
		if got, err := ParseBytes(text); err == nil {
			t.Errorf("ParseBytes(%q) = %d, want an error", text, got)
		}
	}
}

func TestKnobCheck(t *testing.T) {
	flush := Knob{Name: "copy_flush_bytes", Kind: Bytes, Min: 1 << 20, Max: 32 << 20}
	mode := Knob{Name: "partition_mode", Kind: Enum, Values: []string{"ctid", "mod"}}
	for _, tc := range []struct {
		knob Knob
		v    Value
		want string
	}{
		{flush, IntValue(8 << 20), ""},
		{flush, IntValue(64 << 20), "copy_flush_bytes must be from 1MiB to 32MiB, not 64MiB"},
		{flush, EnumValue("big"), "copy_flush_bytes must be from 1MiB to 32MiB, not big"},
		{mode, EnumValue("mod"), ""},
		{mode, EnumValue("range"), "partition_mode must be one of ctid, mod, not range"},
		{mode, IntValue(3), "partition_mode must be one of ctid, mod, not 3"},
	} {
		got := ""
		if err := tc.knob.Check(tc.v); err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("Check(%v) = %q, want %q", tc.v, got, tc.want)
		}
	}
}

func TestSetting(t *testing.T) {
	knobs := []Knob{{Name: "parallelism"}, {Name: "copy_flush_bytes", Kind: Bytes}, {Name: "partition_mode", Kind: Enum}}
	s := Setting{"parallelism": IntValue(4), "copy_flush_bytes": IntValue(8 << 20)}.
		With(Setting{"partition_mode": EnumValue("ctid"), "parallelism": IntValue(2)})
	if got, want := s.Format(knobs), "parallelism 2, copy_flush_bytes 8MiB, partition_mode ctid"; got != want {
		t.Errorf("Format = %q, want %q", got, want)
	}
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var back Setting
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if back.Format(knobs) != s.Format(knobs) {
		t.Errorf("JSON %s reads back as %v", b, back)
	}
}

func TestKnobJSON(t *testing.T) {
	knobs := []Knob{
		{Name: "parallelism", Owner: Runtime, Kind: Int, Min: 1, Max: 16, Default: IntValue(4), Doc: "Lanes."},
		{Name: "copy_flush_bytes", Owner: Destination, Kind: Bytes, Min: 1 << 20, Max: 32 << 20, Default: IntValue(8 << 20)},
		{Name: "partition_mode", Owner: Source, Kind: Enum, Values: []string{"ctid", "mod"}, Default: EnumValue("ctid")},
	}
	text, err := json.Marshal(knobs)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"name":"parallelism","owner":"runtime","kind":"int","min":1,"max":16,"default":4,"doc":"Lanes."},` +
		`{"name":"copy_flush_bytes","owner":"destination","kind":"bytes","min":1048576,"max":33554432,"default":8388608},` +
		`{"name":"partition_mode","owner":"source","kind":"enum","min":0,"max":0,"values":["ctid","mod"],"default":"ctid"}]`
	if string(text) != want {
		t.Errorf("JSON is %s, want %s", text, want)
	}
	var back []Knob
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back, knobs) {
		t.Errorf("%s reads back as %+v", text, back)
	}
	if err := json.Unmarshal([]byte(`{"kind":"set"}`), &Knob{}); err == nil {
		t.Error("a kind that there is not was read")
	}
}
