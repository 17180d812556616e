package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rapidbyte/rbt/hcl"
)

// TestTutorial runs every command of docs/tutorial.md, in its order, as a reader
// would: in one shell, which stops at the first that fails.
func TestTutorial(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/tutorial.md")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	script := "set -eu\nmake() { if [ \"$1\" = postgres ]; then go build -o \"$BUILT\" ./cmd/rbt; else command make \"$@\"; fi; }\n"
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		script += block[1]
	}
	if strings.Count(script, "rbt run") < 4 {
		t.Fatal("the tutorial has hardly any commands")
	}
	// bin/rbt of the repository belongs to who works in it.
	script = strings.NewReplacer("/tmp/rbt-tutorial", folder+"/work", "$PWD/bin", folder+"/bin", "\nmake\n", "\ncommand make\n").Replace(script)
	cmd := exec.Command("bash", "-c", script)
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "BUILT="+filepath.Join(folder, "bin", "rbt"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for _, want := range []string{"equal: 6 streams", "hourly"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("there is no %q in\n%s", want, out)
		}
	}
}

// TestDeploy holds that the pipeline in the Kubernetes manifest is one, and that
// the commands of the other files parse.
func TestDeploy(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../examples/deploy/kubernetes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?s)pipeline.hcl: \|\n(.*?)\n---`).FindStringSubmatch(string(text))
	if found == nil {
		t.Fatal("the manifest has no pipeline")
	}
	pipeline := regexp.MustCompile(`(?m)^    `).ReplaceAllString(found[1], "")
	options := hcl.Options{Knobs: allKnobs(), Env: func(string) (string, bool) { return "postgres://x", true }}
	if _, err := hcl.Parse([]byte(pipeline), "pipeline.hcl", options); err != nil {
		t.Error(err)
	}
	for _, file := range []string{"rbt.service", "crontab"} {
		text, err := os.ReadFile("../../examples/deploy/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`/usr/local/bin/rbt run (--quiet )?\S+\.hcl`).Match(text) {
			t.Errorf("%s does not run a pipeline", file)
		}
	}
}
