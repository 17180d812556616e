package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/rapidbyte/rbt/internal/measure"
	"github.com/rapidbyte/rbt/internal/pgcluster"
	"github.com/rapidbyte/rbt/internal/testbed"
)

// contender is a way to copy a database: its schema, its rows, its indexes and its constraints.
type contender struct {
	name string
	// script is what bash does, with the connection strings in SOURCE and TARGET, the tables' names in TABLES, and an
	// empty folder in DIR.
	script  string
	needs   []string // programs
	program string   // whose --version is shown
	only    string   // the workload that it copies; all if it is empty
}

// copies reports whether the contender takes part in a workload.
func (c contender) copies(w workload) bool { return c.only == "" || c.only == w.name }

// PostgreSQL's own programs, without anything of the user's.
const (
	quietly = "psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1"
	dump    = "pg_dump --no-owner --no-privileges"
)

// schema makes the tables, and later what is on them, as pg_dump does.
func schema(section string) string {
	return dump + " --section=" + section + ` "$SOURCE" | ` + quietly + ` "$TARGET" >/dev/null` + "\n"
}

// peers are what people use today.
func peers() []contender {
	pipe := contender{
		name:    "COPY | COPY",
		needs:   []string{"psql", "pg_dump"},
		program: "psql",
		script: schema("pre-data") +
			"for table in $TABLES; do\n" +
			"  " + quietly + ` --command="COPY $table TO STDOUT (FORMAT binary)" "$SOURCE" |` + "\n" +
			"    " + quietly + ` --command="COPY $table FROM STDIN (FORMAT binary)" "$TARGET"` + "\n" +
			"done\n" +
			schema("post-data"),
	}
	analyzed := pipe
	analyzed.name += ", ANALYZE"
	analyzed.script += quietly + ` --command=ANALYZE "$TARGET"` + "\n"
	return []contender{
		pipe,
		analyzed,
		{
			name:    "pg_dump | psql",
			needs:   []string{"psql", "pg_dump"},
			program: "pg_dump",
			script:  dump + ` "$SOURCE" | ` + quietly + ` "$TARGET" >/dev/null` + "\n",
		},
		{
			name:    "pg_dump -j2, pg_restore -j2",
			needs:   []string{"pg_restore", "pg_dump"},
			program: "pg_restore",
			script: dump + ` --format=directory --jobs=2 --compress=0 --file="$DIR/dump" "$SOURCE"` + "\n" +
				`pg_restore --no-owner --no-privileges --jobs=2 --dbname="$TARGET" "$DIR/dump"` + "\n",
		},
		pgcopydb("pgcopydb, 4 jobs", "--table-jobs 4 --index-jobs 2"),
		pgcopydb("pgcopydb, 2 jobs, split", "--table-jobs 2 --index-jobs 2 --split-tables-larger-than 64MB"),
		{
			name:    "pgloader",
			needs:   []string{"pgloader"},
			program: "pgloader",
			script: `pgloader --quiet --root-dir "$DIR/pgloader" --with "prefetch rows = 1000" \` + "\n" + // by itself it runs out of memory
				`  "${SOURCE%\?*}" "${TARGET%\?*}" >"$DIR/log" 2>&1` + "\n",
		},
	}
}

func pgcopydb(name, jobs string) contender {
	return contender{
		name:    name,
		needs:   []string{"pgcopydb", "pg_dump", "pg_restore"},
		program: "pgcopydb",
		script: `pgcopydb clone --source "$SOURCE" --target "$TARGET" --dir "$DIR/work" \` + "\n" +
			"  " + jobs + " --no-owner --no-acl --no-role-passwords >\"$DIR/log\" 2>&1\n",
	}
}

// rbtName is the contender that the others are compared with.
const rbtName = "rbt"

// rbt is a build of rbt as people run it, tuned as it is by itself; without tuning; with its verification; and with the
// options of the destination that cost or save time.
func rbt(name, binary string) []contender {
	program := `"` + binary + `"`
	command := func(what, file string) string { return program + " " + what + ` "$DIR/../` + file + `"` }
	quiet := ` >"$DIR/log" 2>&1` + "\n"
	one := func(suffix, script string) contender {
		return contender{name: name + suffix, needs: []string{binary}, program: binary, script: script}
	}
	lz4 := one(", lz4", command("run", "lz4.hcl")+quiet)
	lz4.only = "wide"
	return []contender{
		one("", command("run", pipelineFile)+quiet),
		one(", untuned", command("run", pipelineFile)+" --no-autotune"+quiet),
		one(", no ANALYZE", command("run", "no-analyze.hcl")+quiet),
		lz4,
		one(" and rbt verify", command("run", pipelineFile)+quiet+command("verify", pipelineFile)+quiet),
	}
}

// pipelineFile says nothing but where from and where to; the other pipelines have one option more.
const pipelineFile = "pipeline.hcl"

// pipelines are what rbt is told, by file.
func pipelines() map[string]string {
	return map[string]string{
		pipelineFile:     fmt.Sprintf(pipeline, ""),
		"no-analyze.hcl": fmt.Sprintf(pipeline, "  analyze = false\n"),
		"lz4.hcl":        fmt.Sprintf(pipeline, "  compression = \"lz4\"\n"),
	}
}

const pipeline = `pipeline "bench" {}

source "postgres" {
  dsn = env("SOURCE")
}

destination "postgres" {
  dsn = env("TARGET")
%s}

stream "public.*" {}
`

// missing says why a contender cannot take part; empty if it can.
func (c contender) missing(env []string) string {
	for _, program := range c.needs {
		if _, err := lookup(program, env); err != nil {
			return program + " is not installed"
		}
	}
	return ""
}

// version is what its program says of itself.
func (c contender) version(ctx context.Context, env []string) (string, error) {
	path, err := lookup(c.program, env)
	if err != nil {
		return "", err
	}
	argument := "--version"
	if filepath.IsAbs(c.program) { // rbt
		argument = "version"
	}
	text, err := measure.Printed(ctx, path, argument)
	first, _, _ := strings.Cut(text, "\n")
	return first, err
}

// lookup finds a program along the PATH of env.
func lookup(program string, env []string) (string, error) {
	if filepath.IsAbs(program) {
		return exec.LookPath(program)
	}
	for _, dir := range filepath.SplitList(variable(env, "PATH")) {
		if path, err := exec.LookPath(filepath.Join(dir, program)); err == nil {
			return path, nil
		}
	}
	return "", errors.New("not found")
}

// variable is the last of that name, which is the one that counts.
func variable(env []string, name string) (value string) {
	for _, v := range env {
		if after, ok := strings.CutPrefix(v, name+"="); ok {
			value = after
		}
	}
	return value
}

// environment is that of all scripts: PostgreSQL's programs come from where the servers' do, so that versions agree.
func environment(bed *testbed.Bed) ([]string, error) {
	dir, err := pgcluster.Find()
	if err != nil {
		return nil, err
	}
	env := slices.DeleteFunc(os.Environ(), func(v string) bool { // settings of the user's own
		return strings.HasPrefix(v, "PG") || strings.HasPrefix(v, "RBT_")
	})
	return append(env, "PATH="+dir+string(filepath.ListSeparator)+os.Getenv("PATH"),
		"SOURCE="+bed.Source.DSN(), "TARGET="+bed.Destination.DSN()), nil
}

// run copies a workload's database, with scratch in a folder of its own within the folder.
func (c contender) run(ctx context.Context, env []string, folder string, w workload) (measure.Usage, error) {
	dir, err := os.MkdirTemp(folder, "run-")
	if err != nil {
		return measure.Usage{}, err
	}
	defer os.RemoveAll(dir)
	var names []string
	for _, t := range w.tables {
		names = append(names, t.Name)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, tooLong, errTooLong)
	defer cancel()
	u, err := bash(ctx, c.script, append(env, "DIR="+dir, "TABLES="+strings.Join(names, " ")), dir)
	if err == nil {
		return u, nil
	}
	if errors.Is(context.Cause(ctx), errTooLong) {
		return u, errTooLong
	}
	if log, e := os.ReadFile(filepath.Join(dir, "log")); e == nil {
		err = fmt.Errorf("%w\n%s", err, log)
	}
	return u, err
}

// tooLong is when a run that hangs is ended.
const tooLong = 10 * time.Minute

var errTooLong = fmt.Errorf("it was not done within %s", tooLong)

// bash runs a script; the first command of it that fails ends it.
func bash(ctx context.Context, script string, env []string, dir string) (measure.Usage, error) {
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
	cmd.Env, cmd.Dir = env, dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that what it started ends with it
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return measure.Run(cmd)
}

// shown is the script as one would write it, without this run's folders.
func (c contender) shown(folder string) string {
	script := strings.ReplaceAll(c.script, `"`+folder+string(filepath.Separator)+`rbt"`, "rbt")
	for file := range pipelines() {
		script = strings.ReplaceAll(script, `"$DIR/../`+file+`"`, file)
	}
	return script
}
