package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/internal/pgtest"
)

// build builds rbt as users have it: without the race detector, whose memory
// is not rbt's.
func build(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "rbt")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// rbt prepares a run of a pipeline between the databases.
func rbt(t *testing.T, path string, src, dst *pgtest.DB, pipeline string) *exec.Cmd {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pipeline.hcl")
	text := `pipeline "process" {}
		source "postgres" {
			dsn = env("SOURCE_DSN")
		}
		destination "postgres" {
			dsn = env("DEST_DSN")
		}
		` + pipeline
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "run", file)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "SOURCE_DSN="+src.DSN, "DEST_DSN="+dst.DSN)
	return cmd
}

func equal(t *testing.T, src, dst *pgtest.DB, table string) {
	t.Helper()
	sum := "SELECT count(*), sum(hashtextextended(t::text, 0)::numeric) FROM " + table + " t"
	if diff := cmp.Diff(src.Query(t, sum), dst.Query(t, sum)); diff != "" {
		t.Errorf("%s differs (-source +destination):\n%s", table, diff)
	}
}

// TestKill kills rbt at any moment, again and again, and then lets it finish:
// the destination must be the source's, with nothing twice and nothing left.
func TestKill(t *testing.T) {
	t.Parallel()
	path := build(t)
	src := pgtest.New(t)
	src.Exec(t, `CREATE TABLE orders (id int8 PRIMARY KEY, total numeric, note text);
		INSERT INTO orders SELECT i, i / 3.0, repeat('x', i % 200) FROM generate_series(1, 150000) i;
		CREATE TABLE small (id int PRIMARY KEY); INSERT INTO small SELECT generate_series(1, 100); ANALYZE`)
	for name, stream := range map[string]string{
		"replace":  `stream "public.*" {}`,
		"append":   `stream "public.*" { write_mode = "append" }`,
		"continue": `stream "public.*" { resume = "continue" }`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dst := pgtest.New(t)
			pipeline := stream + "\ncheckpoint {\n part_size = \"1MiB\"\n}"
			for range 8 {
				cmd := rbt(t, path, src, dst, pipeline)
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Duration(rand.IntN(1200)) * time.Millisecond)
				cmd.Process.Kill()
				cmd.Wait()
				if done(t, dst) {
					break
				}
			}
			if !done(t, dst) { // else an append would be another run
				finish(t, path, src, dst, pipeline)
			}
			equal(t, src, dst, "orders")
			equal(t, src, dst, "small")
			if left := dst.Query(t, `SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE '\_rbt\_%'`); len(left) > 0 {
				t.Errorf("staging tables are left: %v", left)
			}
		})
	}
}

// done reports whether the books say that a run is complete.
func done(t *testing.T, dst *pgtest.DB) bool {
	if dst.Query(t, "SELECT to_regclass('_rbt.runs')")[0][0] == "NULL" {
		return false
	}
	return dst.Query(t, "SELECT count(*) > 0 FROM _rbt.runs WHERE status = 'done'")[0][0] == "t"
}

// finish runs the pipeline to its end. Sessions of a killed process keep its
// lock until their server notices.
func finish(t *testing.T, path string, src, dst *pgtest.DB, pipeline string) {
	t.Helper()
	var out []byte
	var err error
	for range 50 {
		if out, err = rbt(t, path, src, dst, pipeline).CombinedOutput(); !bytes.Contains(out, []byte("already running")) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// peakMemory runs a command and returns the most that it had resident, in MiB. What
// the kernel tells of a process that has ended counts from the fork, with the
// memory of the tests.
func peakMemory(t *testing.T, cmd *exec.Cmd) (most int) {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for tick := time.Tick(20 * time.Millisecond); ; {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("%v: %s", err, &out)
			}
			return most >> 10
		case <-tick:
			status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid)) // gone where it ended
			if _, text, found := bytes.Cut(status, []byte("VmHWM:")); found {
				fmt.Sscanf(string(text), "%d kB", &most)
			}
		}
	}
}

// TestMemory copies a value of 300 MB: rbt's memory must not grow with
// them.
func TestMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("/proc tells of the peak resident size")
	}
	path := build(t)
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, `CREATE TABLE huge (id int PRIMARY KEY, v text, b bytea);
		INSERT INTO huge SELECT 1, repeat('0123456789', 30000000), NULL;
		INSERT INTO huge SELECT 2, NULL, convert_to(repeat('0123456789', 10000000), 'UTF8')`)
	for _, format := range []string{"binary", "text"} {
		cmd := rbt(t, path, src, dst, `stream "public.huge" {
			pin {
				copy_format = "`+format+`"
			}
		}`)
		peak := peakMemory(t, cmd)
		t.Logf("%s: at most %d MiB resident", format, peak)
		if peak == 0 || peak > 150 {
			t.Errorf("%s: %d MiB resident, want at most 150", format, peak)
		}
		sum := "SELECT id, length(v), md5(v), md5(b) FROM huge ORDER BY id"
		if diff := cmp.Diff(src.Query(t, sum), dst.Query(t, sum)); diff != "" {
			t.Errorf("huge differs (-source +destination):\n%s", diff)
		}
	}
}

// TestSparesProcessors holds that a run takes half of the processors, once it
// copies, and all where somebody chose a number or a module is asked.
func TestSparesProcessors(t *testing.T) {
	t.Parallel()
	path := build(t)
	src := pgtest.New(t)
	src.Exec(t, "CREATE TABLE t AS SELECT i, repeat('x', 200) AS v FROM generate_series(1, 100000) i")
	for _, tc := range []struct {
		name, env string
		want      int
	}{
		{"half", "", sparing(runtime.NumCPU())},
		{"what somebody chose", "GOMAXPROCS=3", 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			cmd := rbt(t, path, src, pgtest.New(t), `stream "public.t" {}`)
			cmd.Env = append(cmd.Env, "GODEBUG=schedtrace=10", tc.env)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			said := regexp.MustCompile(`gomaxprocs=(\d+)`).FindAllStringSubmatch(string(out), -1)
			if len(said) == 0 || said[len(said)-1][1] != strconv.Itoa(tc.want) {
				t.Errorf("the scheduler says %v, want %d in the end", said, tc.want)
			}
		})
	}
}
