package policies_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/wasm"
)

// kits are those whose mirrors say what they have read.
func kits() []string { return []string{"kit/c", "kit/assemblyscript"} }

// quickest is the engine for tests with many calls.
func quickest() string {
	if runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64" {
		return wasm.Compiler
	}
	return wasm.Interpreter
}

func mirrors(t *testing.T) []*module {
	t.Helper()
	var list []*module
	for _, dir := range kits() {
		list = append(list, loadFor(t, quickest(), dir, ""))
	}
	return list
}

// reflected is what the mirrors of all kits have read of an input, in JSON, or
// why they could not. It must be the same, byte for byte.
func reflected(t testing.TB, mirrors []*module, op string, input []byte) (code, message string) {
	t.Helper()
	for i, m := range mirrors {
		output := m.call(t, op, input)
		var answer struct {
			Error struct{ Code, Message string }
		}
		if err := json.Unmarshal(output, &answer); err != nil {
			t.Fatalf("%s answers %.2000s: %v", kits()[i], output, err)
		}
		if i > 0 && (code != answer.Error.Code || message != answer.Error.Message) {
			t.Fatalf("of %.4000s\n%s reads %s: %s\n%s reads %s: %s", input, kits()[0], code, message, kits()[i], answer.Error.Code, answer.Error.Message)
		}
		code, message = answer.Error.Code, answer.Error.Message
	}
	return code, message
}

// TestMirrors holds that the kits read all of a request, whatever is in it.
func TestMirrors(t *testing.T) {
	m := mirrors(t)
	t.Run("propose", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			want := proposeRequest().Draw(rt, "request")
			code, message := reflected(t, m, "propose", marshal(rt, want))
			var got policy.ProposeRequest
			compareWith(rt, want, &got, code, message)
		})
	})
	t.Run("score", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			want := scoreRequest().Draw(rt, "request")
			code, message := reflected(t, m, "score", marshal(rt, want))
			var got policy.ScoreRequest
			compareWith(rt, want, &got, code, message)
		})
	})
}

func compareWith[R any](t *rapid.T, want R, got *R, code, message string) {
	if code != "mirror" {
		t.Fatalf("%s: %s", code, message)
	}
	if err := json.Unmarshal([]byte(message), got); err != nil {
		t.Fatalf("%.4000s: %v", message, err)
	}
	if diff := cmp.Diff(want, *got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("-want +got:\n%s", diff)
	}
}

// TestMirrorsMissNothing holds that the mirrors answer with every field that a
// request can have, so that one that is added later is not forgotten in a kit.
func TestMirrorsMissNothing(t *testing.T) {
	full := policy.Evidence{
		ID: 1, Setting: policy.Setting{"a": policy.IntValue(1)}, Masked: 1, Invalid: "x",
		Windows: []policy.Window{{
			Seq: 1, Candidate: 1, Start: 1, Seconds: 1, WarmUp: 1, Bytes: 1, Rows: 1, MovedBytes: 1, MovedRows: 1, Lanes: 1,
			SourceWait: 1, WriteWait: 1, FlushWait: 1, Flushes: 1, CPU: 1, PeakMemory: 1, Retries: 1, Errors: map[string]int{"a": 1},
			WALBytes: 1, Checkpoints: 1, RoundTrip: 1, SourceRoundTrip: 1, Missing: []string{"a"}, Masked: "x",
		}},
	}
	facts := policy.Facts{Stream: "x", Rows: 1, Bytes: 1, Notes: map[string]string{"a": "x"}}
	knobs := []policy.Knob{
		{Name: "a", Owner: "x", Kind: policy.Int, Min: 1, Max: 1, Values: []string{"x"}, Default: policy.IntValue(1), Doc: "x"},
	}
	m, set, config := mirrors(t), policy.Setting{"a": policy.IntValue(1)}, json.RawMessage(`{"a":1}`)
	for op, request := range map[string]any{
		"propose": policy.ProposeRequest{
			Facts: facts, Knobs: knobs, Pins: set, Baseline: set, Leader: set, Round: 1, Evidence: []policy.Evidence{full},
			Left: policy.Left{Seconds: 1, Rows: 1}, State: "x", Config: config,
		},
		"score": policy.ScoreRequest{Facts: facts, Knobs: knobs, Baseline: 1, Leader: 1, Evidence: []policy.Evidence{full}, Config: config},
	} {
		if zero := zeros(reflect.ValueOf(request)); zero != "" {
			t.Fatalf("%s: the test does not set %s", op, zero)
		}
		want := marshal(t, request)
		if _, got := reflected(t, m, op, want); got != string(want) {
			t.Errorf("%s: (-want +got)\n%s", op, cmp.Diff(string(want), got))
		}
	}
}

// tricky are inputs that no rbt writes, and what the kits make of them. A want
// that begins with "byte" or "bad_settings" is an error; others are part of what
// is read.
func tricky() []struct{ input, want string } {
	nested := func(n int) string {
		return `{"new":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `,"round":7}`
	}
	objects := func(n int) string {
		return `{"new":` + strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) + `,"round":7}`
	}
	return []struct{ input, want string }{
		// Names and order.
		{`{}`, `"round":0`},
		{"{\n\t\"state\" : \"s\" ,\r\n \"round\" : 3 }", `"round":3,"evidence":[],"left":{"seconds":0,"rows":0},"state":"s"}`},
		{`{"left":{"rows":-1,"seconds":2},"round":1,"facts":{"bytes":3,"stream":"x"}}`, `{"facts":{"stream":"x","rows":0,"bytes":3,"notes":{}}`},
		{`{"r\u006fund":4,"\u0073tate":"y"}`, `"round":4,"evidence":[],"left":{"seconds":0,"rows":0},"state":"y"}`},
		{`{"Round":1,"ROUND":2,"rounds":3,"roun":4,"":5}`, `"round":0`},
		{`{"round":1,"round":2}`, `"round":2`},
		{`{"round":1,"state":"a","round":5,"facts":{"rows":1,"rows":2}}`, `"rows":2`},
		{`{"new":{"round":9,"x":[{"round":9}]},"round":1,"more":null,"facts":{"new":"}","rows":5}}`, `"rows":5`},
		{`{"baseline":{"b":1,"a":"x","b":2}}`, `"baseline":{"b":1,"a":"x","b":2}`},
		{`{"evidence":[{"windows":[{"masked":"m","seq":2,"bytes":1},{"bytes":5},{}],"id":3},{}]}`, `"id":3,"setting":{}`},
		{`{"evidence":[{"windows":[{"seq":1,"bytes":2},{"seq":3}],"windows":[{"seq":4}]}]}`, `"windows":[{"seq":4,`},
		// Null, and nothing.
		{`{"facts":null,"knobs":null,"pins":null,"round":null,"evidence":null,"left":null,"state":null}`, `"round":0`},
		{`{"knobs":[],"pins":{},"evidence":[{"setting":{},"windows":[]}],"round":1}`, `"pins":{}`},
		{`{"round":1,"round":null}`, `"round":1`},
		{`{"evidence":[null]}`, "byte 13: there must be an object"},
		{`{"round":nul}`, "byte 12: there must be a value"},
		// Texts.
		{`{"state":"\"\\\/\b\f\n\r\t\u00e9\u20AC\ud83d\uDE00"}`, `"state":"\"\\/\b\f\n\r\té€😀"}`},
		{`{"state":"\ud83d","facts":{"stream":"\ude00\ud83dx"}}`, "\"state\":\"\uFFFD\""},
		{`{"state":"\ud83d\u0041\ud83d\ud83d\ude00"}`, "\"state\":\"\uFFFDA\uFFFD😀\""},
		{`{"state":"a\u0000b` + "\x7f" + `"}`, `"state":"a\u0000b` + "\x7f" + `"`},
		{"{\"state\":\"\xff\xc3(\xe2\x82\"}", "\"state\":\"\uFFFD\uFFFD(\uFFFD\uFFFD\""},
		{"{\"state\":\"\xed\xa0\x80\xf4\x90\x80\x80\"}", "\"state\":\"" + strings.Repeat("\uFFFD", 7) + "\""},
		{`{"state":"` + strings.Repeat("x", 5000) + `"}`, strings.Repeat("x", 5000)},
		{`{"state":"` + strings.Repeat("é", 5000) + `"}`, strings.Repeat("é", 5000)},
		{`{"state":"a` + "\n" + `b"}`, "byte 11: a text must not have control characters"},
		{`{"state":"\x"}`, "byte 10: the escape means nothing"},
		{`{"state":"ab\u12g4"}`, "byte 12: the escape means nothing"},
		{`{"state":"ab\u12"}`, "byte 12: the escape means nothing"},
		{`{"state":"abc`, "byte 10: the text has no end"},
		{`{"state":"abc\"`, "byte 10: the text has no end"},
		{`{"state":"abc\`, "byte 10: the text has no end"},
		{`{"state":'a'}`, "byte 9: there must be a text"},
		{`{"state":1}`, "byte 9: there must be a text"},
		// Numbers.
		{`{"round":1e3}`, `"round":1000`},
		{`{"round":-0}`, `"round":0`},
		{`{"round":12.50e+1}`, `"round":125`},
		{`{"round":1.0}`, `"round":1`},
		{`{"round":9223372036854775807}`, `"round":9223372036854775807`},
		{`{"round":-9223372036854775808}`, `"round":-9223372036854775808`},
		{`{"round":9223372036854775808}`, "byte 28: the number must be a whole one of 64 bits"},
		{`{"round":-9223372036854775809}`, "byte 29: the number must be a whole one of 64 bits"},
		{`{"round":1.5}`, "byte 12: the number must be a whole one of 64 bits"},
		{`{"round":1e30}`, "byte 13: the number must be a whole one of 64 bits"},
		{`{"round":"1"}`, "byte 9: there must be a number"},
		{`{"round":true}`, "byte 9: there must be a number"},
		{`{"round":01}`, "byte 10: there must be , or }"},
		{`{"round":012345678,"state":"` + strings.Repeat("x", 99) + `"}`, "byte 10: there must be , or }"},
		{`{"round":-}`, "byte 10: there must be a digit"},
		{`{"round":1.}`, "byte 11: there must be a digit"},
		{`{"round":.5}`, "byte 9: there must be a number"},
		{`{"round":1e}`, "byte 11: there must be a digit"},
		{`{"round":+1}`, "byte 9: there must be a number"},
		{`{"round":0x10}`, "byte 10: there must be , or }"},
		{`{"left":{"seconds":1e999}}`, "byte 24: the number is too large"},
		{`{"left":{"seconds":-1e309}}`, "byte 25: the number is too large"},
		{`{"left":{"seconds":NaN}}`, "byte 19: there must be a number"},
		{`{"left":{"seconds":Infinity}}`, "byte 19: there must be a number"},
		{`{"left":{"seconds":1e-999}}`, `"seconds":0,`},
		{`{"left":{"seconds":-0}}`, `"seconds":-0,`},
		{`{"left":{"seconds":-0.0e5}}`, `"seconds":-0,`},
		{`{"left":{"seconds":0.` + strings.Repeat("0", 400) + `1e401}}`, `"seconds":1,`},
		{`{"left":{"seconds":1` + strings.Repeat("0", 400) + `e-400}}`, `"seconds":1,`},
		{`{"left":{"seconds":9007199254740993}}`, `"seconds":9007199254740992,`},
		{`{"left":{"seconds":2.2250738585072011e-308}}`, `"seconds":2.225073858507201e-308,`},
		{`{"left":{"seconds":123456789.123456789}}`, `"seconds":123456789.12345679,`},
		{`{"left":{"seconds":1E+2,"rows":0}}`, `"seconds":100,`},
		// Other values.
		{`{"baseline":{"a":true}}`, "byte 17: there must be a number"},
		{`{"baseline":{"a":null}}`, "byte 17: there must be a number"},
		{`{"baseline":{"a":1.5}}`, "byte 20: the number must be a whole one of 64 bits"},
		{`{"baseline":[]}`, "byte 12: there must be an object"},
		{`{"evidence":{}}`, "byte 12: there must be a list"},
		{`{"config":{"a": [1, {"a" :null}]} }`, `"config":{"a": [1, {"a" :null}]}}`},
		{`{"config":[1]}`, "bad_settings: the config must be an object"},
		// Ends and brackets.
		{``, "byte 0: there must be an object"},
		{` `, "byte 1: there must be an object"},
		{`[]`, "byte 0: there must be an object"},
		{`null`, "byte 0: there must be an object"},
		{"\xef\xbb\xbf{}", "byte 0: there must be an object"},
		{`{} {}`, "byte 3: something follows"},
		{`{},`, "byte 2: something follows"},
		{"{}\x00", "byte 2: something follows"},
		{`{`, "byte 1: it ends too soon"},
		{`{"round"`, "byte 8: there must be a :"},
		{`{"round":`, "byte 9: there must be a number"},
		{`{"new":`, "byte 7: there must be a value"},
		{`{"round":1`, "byte 10: there must be , or }"},
		{`{"round":1,`, "byte 11: it ends too soon"},
		{`{"round":1,}`, "byte 11: there must be a text"},
		{`{,"round":1}`, "byte 1: there must be a text"},
		{`{"round":1,,"state":""}`, "byte 11: there must be a text"},
		{`{"round" 1}`, "byte 9: there must be a :"},
		{`{round:1}`, "byte 1: there must be a text"},
		{`{"round":1]`, "byte 10: there must be , or }"},
		{`{"evidence":[{"windows":[{"seq":1}"candidate":2,"start_secs":3,"x":"` + strings.Repeat("x", 99) + `"}]}]}`, "byte 34: there must be , or ]"},
		{`{"evidence":[{"windows":[{"seq":1,"candidate":2 ,"start_secs":3,"x":"` + strings.Repeat("x", 99) + `"}]}]}`, `"candidate":2,"start_secs":3`},
		{`{"evidence":[{"windows":[{"seq":1,"candidate":02,"start_secs":3,"x":"` + strings.Repeat("x", 99) + `"}]}]}`, "byte 47: there must be , or }"},
		{`{"evidence":[{"windows":[{"seq":1,"candidate":2.0,"seconds":1.,"x":"` + strings.Repeat("x", 99) + `"}]}]}`, "byte 62: there must be a digit"},
		{`{"round":1 "state":""}`, "byte 11: there must be , or }"},
		{`{"knobs":[{}}`, "byte 12: there must be , or ]"},
		{`{"knobs":[{},]}`, "byte 13: there must be an object"},
		{`{"knobs":[{} {}]}`, "byte 13: there must be , or ]"},
		{`{"new":tru}`, "byte 10: there must be a value"},
		{`{"new":truely}`, "byte 11: there must be , or }"},
		{`{"new":[1,]}`, "byte 10: there must be a value"},
		{`{"new":{"a":}}`, "byte 12: there must be a value"},
		{`{"new":"` + "\x01" + `"}`, "byte 8: a text must not have control characters"},
		{`{/* a */"round":1}`, "byte 1: there must be a text"},
		// Depth: the request itself is one.
		{nested(63), `"round":7`},
		{nested(64), "byte 70: it is nested too deep"},
		{objects(63), `"round":7`},
		{objects(64), "byte 322: it is nested too deep"},
		{`{"new":` + strings.Repeat("[", 100000), "byte 70: it is nested too deep"},
		{`{"config":{"a":` + strings.Repeat(`[`, 62) + strings.Repeat(`]`, 62) + `}}`, strings.Repeat(`]`, 62)},
	}
}

// TestTricky feeds the kits what is hard to read.
func TestTricky(t *testing.T) {
	m := mirrors(t)
	for _, tc := range tricky() {
		if len(tc.input) == 0 {
			tc.input = " " // rbt_alloc is never asked for nothing
			tc.want = "byte 1: there must be an object"
		}
		code, message := reflected(t, m, "propose", []byte(tc.input))
		fits := code == "mirror" && strings.Contains(message, tc.want)
		switch {
		case strings.HasPrefix(tc.want, "byte"):
			fits = code == "bad_input" && message == tc.want
		case strings.HasPrefix(tc.want, "bad_settings"):
			fits = code+": "+message == tc.want
		}
		if !fits {
			t.Errorf("%.200s:\ngot  %s: %.300s\nwant %.300s", tc.input, code, message, tc.want)
		}
	}
}

// TestMutants feeds the kits requests with mistakes. They agree on each, and take
// none for a request that is no JSON.
func TestMutants(t *testing.T) {
	m, random := mirrors(t), rand.New(rand.NewPCG(3, 4))
	const bytes = "{}[]\",:.-+0123456789eEntfu\\ \n\x00\x1f\xff\xc3x"
	var requests [][]byte
	for i := range 50 {
		requests = append(requests, marshal(t, scoreRequest().Example(i)))
	}
	refused := 0
	const tries = 1500
	for i := range tries {
		input := slices.Clone(requests[i%len(requests)])
		for range 1 + random.IntN(3) {
			at, more := random.IntN(len(input)), random.IntN(4)
			switch rest := input[min(at+more, len(input)):]; random.IntN(5) {
			case 0: // others in their place
				input[at] = bytes[random.IntN(len(bytes))]
			case 1: // one more
				input = slices.Insert(input, at, bytes[random.IntN(len(bytes))])
			case 2: // some less
				input = append(input[:at:at], rest...)
			case 3: // some of them twice
				input = slices.Concat(input[:min(at+more, len(input))], input[at:])
			default: // the end of another place
				input = slices.Concat(input[:at], input[random.IntN(len(input)):])
			}
			if len(input) == 0 {
				input = []byte(" ")
			}
		}
		code, message := reflected(t, m, "score", input)
		if code == "bad_input" {
			refused++
		} else if !json.Valid(input) {
			t.Errorf("read as %s: %.300s\nof no JSON: %.3000q", code, message, input)
		}
	}
	if refused < tries/4 || refused > tries*99/100 {
		t.Errorf("%d of %d were refused", refused, tries)
	}
}

// TestTrickyConfigs does the same for describe, whose error says it.
func TestTrickyConfigs(t *testing.T) {
	for _, tc := range []struct{ config, want string }{
		{`{"number":-5,"bool":true,"text":"x"}`, ""},
		{`{"number":0.5e1,"bool":false,"text":"\u00e9"}`, ""},
		{`{"number":5.000001}`, "number: must be a number from -5 to 5, not 5.000001"},
		{`{"number":1e999}`, "number: must be a number from -5 to 5, not 1e999"},
		{`{"number":{}}`, "number: must be a number from -5 to 5, not {}"},
		{`{"bool":0}`, "bool: must be true or false, not 0"},
		{`{"text":["é\n", 1]}`, `text: must be a string, not ["é\n",1]`},
		{`{"text":1,"bool":1,"number":"a"}`, `number: must be a number from -5 to 5, not "a"`}, // in the order in which they are asked for
		{`{"größe\t\"":1}`, `there is no setting "größe\t\"": there is number, bool, text`},
		{`{"numbeR":1}`, `there is no setting "numbeR": there is number, bool, text`},
		{`{"":{}}`, `there is no setting "": there is number, bool, text`},
	} {
		for _, dir := range kits() {
			var logged []string
			p, err := try(t.Context(), wasm.Interpreter, dir, tc.config, &logged)
			if err == nil {
				p.Close()
			}
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.HasSuffix(err.Error(), "bad_settings: "+tc.want)) {
				t.Errorf("%s: %s:\ngot  %v\nwant %s", dir, tc.config, err, tc.want)
			}
		}
	}
}

// numbers are texts of numbers that are hard to read or to write.
func numbers(count int) []string {
	random := rand.New(rand.NewPCG(1, 2))
	var list []string
	for len(list) < count {
		x := math.Float64frombits(random.Uint64())
		if math.IsNaN(x) || math.IsInf(x, 0) {
			continue
		}
		y := math.Exp(10 * random.NormFloat64())
		list = append(list,
			strconv.FormatFloat(x, 'e', -1, 64),
			strconv.FormatFloat(x, 'e', 15+random.IntN(10), 64),
			strconv.FormatFloat(y, 'f', -1, 64),
			fmt.Sprintf("%d.%de%d", random.IntN(10), random.Uint64(), random.IntN(700)-350),
			fmt.Sprintf("%de%d", random.Uint64(), random.IntN(60)-30),
			fmt.Sprintf("%d.%06d", random.IntN(1000), random.IntN(1e6)),
			between(math.Abs(x)), between(y),
			strconv.FormatFloat(math.Float64frombits(random.Uint64N(1<<53)), 'e', 3+random.IntN(20), 64), // hardly normal, or not
		)
	}
	return list
}

// between is exactly half way to the next double.
func between(x float64) string {
	next := math.Nextafter(x, math.Inf(1))
	if math.IsInf(next, 1) {
		return "1e308"
	}
	sum := new(big.Float).SetPrec(2200).SetFloat64(x)
	sum.Add(sum, new(big.Float).SetFloat64(next))
	digits, exponent, _ := strings.Cut(sum.Quo(sum, big.NewFloat(2)).Text('e', 800), "e")
	return strings.TrimRight(digits, "0") + "0e" + exponent
}

// checkNumber compares what a kit has read and written with what Go reads.
func checkNumber(t *testing.T, kit, number, written string) {
	t.Helper()
	want, err := strconv.ParseFloat(number, 64)
	if err != nil {
		t.Fatal(err)
	}
	got, err := strconv.ParseFloat(written, 64)
	if err != nil || math.Float64bits(got) != math.Float64bits(want) {
		t.Errorf("%s: %s was read and written as %s; it is %v", kit, number, written, want)
	}
}

// inRange leaves out what is too large for a double.
func inRange(list []string) (in []string) {
	for _, n := range list {
		if _, err := strconv.ParseFloat(n, 64); err == nil {
			in = append(in, n)
		}
	}
	return in
}

// TestNumbers holds that numbers are read as Go reads them, and written so that
// they read back as themselves.
func TestNumbers(t *testing.T) {
	list, m := inRange(numbers(2000)), mirrors(t)
	for len(list) > 0 {
		n := min(20, len(list))
		var b strings.Builder
		for i, number := range list[:n] {
			fmt.Fprintf(&b, `,{"seconds":%s,"seq":%d}`, number, i)
		}
		_, message := reflected(t, m, "score", []byte(`{"evidence":[{"windows":[`+b.String()[1:]+`]}]}`))
		var got struct {
			Evidence []struct {
				Windows []struct {
					Seconds json.Number
				}
			}
		}
		if err := json.Unmarshal([]byte(message), &got); err != nil {
			t.Fatalf("%s: %v", message, err)
		}
		for i, number := range list[:n] {
			checkNumber(t, "mirror", number, got.Evidence[0].Windows[i].Seconds.String())
		}
		list = list[n:]
	}
}

// native builds the C kit's own tests with the system's compiler.
func native(t *testing.T) string {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("there is no cc to build the C kit's own tests with")
	}
	sources, err := filepath.Glob("kit/c/*.c")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "rbt_test")
	build := func(flags ...string) ([]byte, error) {
		args := append([]string{"-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-o", program, "kit/c/testdata/rbt_test.c"}, append(sources, "-lm")...)
		return exec.Command(cc, append(flags, args...)...).CombinedOutput()
	}
	if _, err := build("-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"); err == nil {
		return program
	}
	if said, err := build(); err != nil { // a compiler without sanitizers
		t.Fatalf("cc: %v\n%s", err, said)
	}
	return program
}

// TestNativeC runs the C kit's own tests, and has it read many numbers.
func TestNativeC(t *testing.T) {
	program := native(t)
	run := func(input string, args ...string) string {
		c := exec.Command(program, args...)
		c.Env = append(os.Environ(), "ASAN_OPTIONS=detect_leaks=0") // nothing is ever freed
		c.Stdin = strings.NewReader(input)
		said, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		return string(said)
	}
	if got := run(""); got != "ok\n" {
		t.Error(got)
	}
	list := inRange(numbers(50_000))
	lines := strings.Split(run(strings.Join(list, "\n")+"\n", "numbers"), "\n")
	for i, number := range list {
		bits, written, _ := strings.Cut(lines[i], " ")
		checkNumber(t, "C", number, written)
		if want, _ := strconv.ParseFloat(number, 64); fmt.Sprintf("%016x", math.Float64bits(want)) != bits {
			t.Errorf("C: %s was read as %s", number, bits)
		}
	}
}
