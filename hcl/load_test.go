package hcl

import (
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rapidbyte/rbt/policy"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// outsideSecret is in the environment of every test file, and s3cr3t is what
// the test files themselves hold.
const outsideSecret = "0uts1de"

func testOptions() Options {
	env := map[string]string{
		"SOURCE_DSN": "postgres://u:" + outsideSecret + "@source/db",
		"DEST_DSN":   "postgres://u:" + outsideSecret + "@dest/db",
	}
	return Options{
		Env: func(name string) (string, bool) {
			v, ok := env[name]
			return v, ok
		},
		Knobs: []policy.Knob{
			{Name: "parallelism", Kind: policy.Int, Min: 1, Max: 256},
			{Name: "partition_mode", Kind: policy.Enum, Values: []string{"ctid", "range", "mod"}},
			{Name: "copy_flush_bytes", Kind: policy.Bytes, Min: 1 << 20, Max: 32 << 20},
			{Name: "copy_format", Kind: policy.Enum, Values: []string{"binary", "text"}},
		},
	}
}

// TestMistakes compares what each file in testdata is told with its golden
// file. Run with -update to rewrite them.
func TestMistakes(t *testing.T) {
	files, err := filepath.Glob("testdata/*.hcl")
	if err != nil || len(files) == 0 {
		t.Fatal("no test files", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".hcl"), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Parse(src, filepath.Base(file), testOptions())
			if err == nil {
				t.Fatal("the file is without a mistake")
			}
			got := err.Error() + "\n"
			refuteSecrets(t, got)
			golden := strings.TrimSuffix(file, ".hcl") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func refuteSecrets(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{"s3c", "r3t", outsideSecret} {
		if strings.Contains(text, secret) {
			t.Errorf("the secret %s is in:\n%s", secret, text)
		}
	}
}

const minimal = `pipeline "p" {}
source "postgres" {
  dsn = "postgres://source"
}
destination "postgres" {
  dsn = "postgres://dest"
}
stream "public.orders" {}
`

var ignorePos = cmp.Options{
	cmpopts.IgnoreUnexported(Pipeline{}, Stream{}, Policy{}),
	cmpopts.IgnoreTypes(Pos{}),
	cmp.Comparer(func(a, b Pattern) bool { return a == b }),
}

func mustParsePattern(t *testing.T, s string) Pattern {
	t.Helper()
	p, err := ParsePattern(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// followed is what is usual of a target whose columns differ.
var followed = Evolution{AddColumn, KeepColumn, WidenType, RelaxNullability}

func defaultPipeline(t *testing.T) *Pipeline {
	return &Pipeline{
		Name:   "p",
		Source: Source{Kind: "postgres", DSN: "postgres://source", LockTimeout: 30 * time.Second},
		Destination: Destination{Kind: "postgres", DSN: "postgres://dest", Analyze: true, Compression: SourceCompression,
			LockTimeout: 10 * time.Second},
		Streams: []Stream{{
			Label: "public.orders", Name: mustParsePattern(t, "public.orders"), Schema: "public", Table: "orders",
			SyncMode: FullRefresh, WriteMode: Replace, Deleted: KeepDeleted, Verify: NoVerify, Evolution: followed, OnBadRow: FailOnBadRow, MaxRejects: 1000, Resume: Restart,
		}},
		Resources:  Resources{WorkerCap: 16, MaxMemory: 512 << 20, RetryFor: 5 * time.Minute},
		Checkpoint: Checkpoint{PartSize: 64 << 20},
		Autotune: Autotune{
			Enabled: true,
			Policy:  Policy{Kind: "builtin"},
			Probe: Probe{MaxRows: 200000, MaxFraction: 0.15, MaxDuration: 30 * time.Second,
				MinWindows: 2, Lead: 0.08},
		},
	}
}

func TestDefaults(t *testing.T) {
	got, err := Parse([]byte(minimal), "p.hcl", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(defaultPipeline(t), got, ignorePos); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

const everything = `pipeline "nightly.v2" {}
variable "min" {
  description = "smallest total"
  default     = 5
}
variable "tuned" {
  default = false
}
variable "schema" {}
source "postgres" {
  dsn          = env("SOURCE_DSN")
  salt         = "pepper"
  lock_timeout = "0"
}
destination "postgres" {
  dsn          = env("NOT_SET", "postgres://fallback")
  schema       = var.schema
  foreign_keys = true
  analyze      = false
  compression  = "lz4"
  lock_timeout = "1m"
}
stream "Sales.\"odd.name\"" {
  sync_mode     = "incremental"
  cursor        = "at"
  tie_breaker   = "id"
  initial       = "2026-01-01"
  lookback      = "5m"
  write_mode    = "upsert"
  primary_key   = ["id", "tenant"]
  partition_key = "id"
  columns       = ["id", "tenant", "at"]
  where         = "total > ${var.min}"
  target        = "t"
  verify        = "checksum"
  resume        = "restart"
  column "mail" {
    expr = "lower(mail)"
  }
  column "ssn" {
    mask = "hash"
  }
  check "some" {
    sql = "select count(*) > 0 from {{target}}"
  }
  pin {
    partition_mode = "range"
  }
}
stream "sales.*" {
  exclude = ["audit_?", "x.y"]
  resume  = "continue"
}
stream "sales.full" {
  write_mode  = "upsert"
  primary_key = ["id"]
  delete      = "soft"
  verify      = "count"
  new_column     = "ignore"
  removed_column = "drop"
  type_change    = "cast"
  nullability    = "fail"
  on_bad_row     = "reject"
  max_rejects    = 7
}
resources {
  parallelism = 4
  worker_cap  = 8
  max_memory  = "1GiB"
  retry_for   = "90s"
}
checkpoint {
  part_size = "16MiB"
}
autotune {
  enabled = var.tuned
  policy "wasm" {
    module     = "policies/p.wasm"
    sha256     = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    config     = { weight = -0.7, "list" = ["a", true, null, { min = var.min }] }
    engine     = "compiler"
    timeout    = "1s"
    max_memory = "16MiB"
    max_calls  = 5000
  }
  probe {
    max_rows     = 1000
    max_fraction = 0.5
    max_duration = "10s"
    min_windows  = 3
    lead         = 0.1
    strict_rows  = true
  }
}
pin {
  copy_flush_bytes = "8MiB"
  parallelism      = 2
}
`

func TestEverything(t *testing.T) {
	opts := testOptions()
	env := opts.Env
	opts.Env = func(name string) (string, bool) {
		if name == "RBT_VAR_schema" {
			return "raw", true
		}
		return env(name)
	}
	opts.Vars = map[string]string{"min": "7", "tuned": "true"}
	got, err := Parse([]byte("\ufeff"+everything), "dir/p.hcl", opts)
	if err != nil {
		t.Fatal(err)
	}
	odd := mustParsePattern(t, `Sales."odd.name"`)
	want := &Pipeline{
		Name:   "nightly.v2",
		Source: Source{Kind: "postgres", DSN: "postgres://u:0uts1de@source/db", Salt: "pepper"},
		Destination: Destination{Kind: "postgres", DSN: "postgres://fallback", Schema: "raw", ForeignKeys: true,
			Compression: "lz4", LockTimeout: time.Minute},
		Streams: []Stream{{
			Label: `Sales."odd.name"`, Name: odd, Schema: "Sales", Table: "odd.name",
			SyncMode: Incremental, Cursor: "at", TieBreaker: "id", Initial: "2026-01-01", Lookback: "5m",
			WriteMode: Upsert, PrimaryKey: []string{"id", "tenant"}, Deleted: KeepDeleted,
			PartitionKey: "id", Columns: []string{"id", "tenant", "at"}, Where: "total > 7", Target: "t",
			Computed: []Column{{Name: "mail", Expr: "lower(mail)"}, {Name: "ssn", Mask: MaskHash}}, Verify: VerifyChecksum, Evolution: followed, OnBadRow: FailOnBadRow, MaxRejects: 1000,
			Checks: []Check{{Name: "some", SQL: "select count(*) > 0 from {{target}}"}},
			Resume: Restart, Pins: policy.Setting{"partition_mode": policy.EnumValue("range")},
		}, {
			Label: "sales.*", Name: mustParsePattern(t, "sales.*"), Schema: "sales", Table: "*", IsPattern: true,
			Exclude:  []Pattern{mustParsePattern(t, "sales.audit_?"), mustParsePattern(t, "x.y")},
			SyncMode: FullRefresh, WriteMode: Replace, Deleted: KeepDeleted, Verify: NoVerify, Evolution: followed, OnBadRow: FailOnBadRow, MaxRejects: 1000, Resume: Continue,
		}, {
			Label: "sales.full", Name: mustParsePattern(t, "sales.full"), Schema: "sales", Table: "full",
			SyncMode: FullRefresh, WriteMode: Upsert, PrimaryKey: []string{"id"}, Deleted: MarkDeleted, Verify: VerifyCount, Resume: Restart,
			Evolution: Evolution{IgnoreColumn, DropColumn, CastType, FailNullability}, OnBadRow: RejectBadRow, MaxRejects: 7,
		}},
		Resources:  Resources{Parallelism: 4, WorkerCap: 8, MaxMemory: 1 << 30, RetryFor: 90 * time.Second},
		Checkpoint: Checkpoint{PartSize: 16 << 20},
		Autotune: Autotune{
			Enabled: true,
			Policy: Policy{
				Kind: "wasm", Module: filepath.Join("dir", "policies", "p.wasm"), SHA256: strings.Repeat("0123456789abcdef", 4),
				Engine: "compiler", Timeout: time.Second, MaxMemory: 16 << 20, MaxCalls: 5000,
				Config: json.RawMessage(`{"list":["a",true,null,{"min":7}],"weight":-0.7}`),
			},
			Probe: Probe{MaxRows: 1000, MaxFraction: 0.5, MaxDuration: 10 * time.Second, MinWindows: 3, Lead: 0.1,
				StrictRows: true},
		},
		Pins: policy.Setting{"copy_flush_bytes": policy.IntValue(8 << 20), "parallelism": policy.IntValue(2)},
	}
	if diff := cmp.Diff(want, got, ignorePos); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	pins := policy.Setting{"copy_flush_bytes": policy.IntValue(8 << 20), "parallelism": policy.IntValue(2),
		"partition_mode": policy.EnumValue("range")}
	if diff := cmp.Diff(pins, got.PinsOf(&got.Streams[0])); diff != "" {
		t.Errorf("pins of the first stream: -want +got:\n%s", diff)
	}
}

func TestGivenVariables(t *testing.T) {
	const file = minimal + `
variable "n" {
  default = 5
}
variable "b" {
  default = true
}
`
	for _, tc := range []struct {
		vars map[string]string
		want string
	}{
		{map[string]string{"n": "many"}, `the value given for the variable "n" is not a number`},
		{map[string]string{"n": "NaN"}, `the value given for the variable "n" is not a number`},
		{map[string]string{"b": "many"}, `the value given for the variable "b" is not true or false`},
		{map[string]string{"nn": "many"}, "which the file does not declare\n   = did you mean \"n\"?"},
	} {
		_, err := Parse([]byte(file), "p.hcl", Options{Vars: tc.vars})
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "many") {
			t.Errorf("%v gives\n%v\nwant %s", tc.vars, err, tc.want)
		}
	}
}

// TestVariablesInConfig holds that a policy's config, which is recorded, takes
// what a person gives for a variable, and nothing of env().
func TestVariablesInConfig(t *testing.T) {
	const file = minimal + `
variable "finish" {
  default = env("SECRET", "1h")
}
autotune {
  policy "wasm" {
    module = "p.wasm"
    config = { finish = var.finish }
  }
}
`
	set := map[string]string{"SOURCE_DSN": "s", "DEST_DSN": "d"}
	env := func(name string) (string, bool) { v, ok := set[name]; return v, ok }
	for _, tc := range []struct {
		name, value string // of the environment
		vars        map[string]string
		want        string // empty where it is refused
	}{
		{"OTHER", "", nil, `{"finish":"1h"}`},
		{"SECRET", "hush", nil, ""},
		{"SECRET", "hush", map[string]string{"finish": "2h"}, `{"finish":"2h"}`},
		{"RBT_VAR_finish", "3h", nil, `{"finish":"3h"}`},
	} {
		set[tc.name] = tc.value
		p, err := Parse([]byte(file), "p.hcl", Options{Vars: tc.vars, Env: env})
		delete(set, tc.name)
		switch {
		case tc.want == "":
			if err == nil || !strings.Contains(err.Error(), "config cannot hold a value of env()") || strings.Contains(err.Error(), "hush") {
				t.Errorf("%s: %v", tc.name, err)
			}
		case err != nil || string(p.Autotune.Policy.Config) != tc.want:
			t.Errorf("%s: %v, want %s", tc.name, err, tc.want)
		}
	}
}

func TestStreamOf(t *testing.T) {
	src := strings.Replace(minimal, `stream "public.orders" {}`, `stream "public.*" {
  exclude = ["audit_*"]
}
stream "orders" {}
stream "*.*" {
  exclude = ["secret.*"]
}`, 1)
	p, err := Parse([]byte(src), "p.hcl", Options{})
	if err != nil {
		t.Fatal(err)
	}
	for table, want := range map[[2]string]string{
		{"public", "orders"}:  "orders",
		{"public", "lines"}:   "public.*",
		{"public", "audit_1"}: "*.*",
		{"sales", "orders"}:   "*.*",
		{"secret", "orders"}:  "",
	} {
		got := ""
		if s := p.StreamOf(table[0], table[1]); s != nil {
			got = s.Label
		}
		if got != want {
			t.Errorf("%v belongs to %q, want %q", table, got, want)
		}
	}
}

func TestErrorAt(t *testing.T) {
	src := strings.Replace(minimal, `"public.orders" {}`, "\"public.orders\" {\n  columns = [\"id\"]\n}", 1)
	p, err := Parse([]byte(src), "p.hcl", Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := p.Streams[0]
	got := p.ErrorAt(s.Pos, "the source has no table public.orders", `did you mean "public.order"?`).Error()
	want := `p.hcl:8:8: the source has no table public.orders
    8 | stream "public.orders" {
      |        ^
      = did you mean "public.order"?`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got, want := s.PosOf("columns"), (Pos{"p.hcl", 9, 13}); got != want {
		t.Errorf("columns are at %v, want %v", got, want)
	}
	if got, want := s.PosOf("where"), s.Pos; got != want {
		t.Errorf("what is not written is at %v, want %v", got, want)
	}
	if got, want := p.Source.Pos, (Pos{"p.hcl", 2, 1}); got != want {
		t.Errorf("the source is at %v, want %v", got, want)
	}
}

func TestLoadWithoutFile(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "none.hcl"), Options{})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestReport(t *testing.T) {
	_, err := Parse([]byte("x = 1"), "p.hcl", Options{})
	var plain, colored strings.Builder
	Report(&plain, err, false)
	Report(&colored, err, true)
	if plain.String() != err.Error()+"\n" {
		t.Errorf("plain is\n%s", plain.String())
	}
	if !strings.Contains(colored.String(), "\x1b[1;31munknown attribute") {
		t.Errorf("colored is\n%s", colored.String())
	}
	plain.Reset()
	Report(&plain, errors.New("other"), true)
	if plain.String() != "other\n" {
		t.Errorf("another error is printed as %q", plain.String())
	}
}
