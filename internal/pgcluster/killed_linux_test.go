package pgcluster_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rapidbyte/rbt/internal/pgcluster"
)

func TestServerDiesWithKilledParent(t *testing.T) {
	requireServer(t)
	shortTempDir(t)
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), helperEnv+"=1")
	stdout, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || strings.HasPrefix(line, "error") {
		t.Fatal(line, err)
	}
	pid := serverPID(t, strings.TrimSpace(line))
	if !alive(pid) {
		t.Fatal("the server does not run")
	}
	_ = parent.Process.Kill()
	_ = parent.Wait()
	for deadline := time.Now().Add(10 * time.Second); alive(pid); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the server, process %d, outlived its killed parent", pid)
		}
	}
}

// TestServerOutlivesCallersThread ends the thread of the goroutine that calls Start: see launch.
func TestServerOutlivesCallersThread(t *testing.T) {
	requireServer(t)
	var c *pgcluster.Cluster
	var err error
	onPassingThread(func() { c, err = pgcluster.Start(context.Background(), pgcluster.Options{}) })
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	time.Sleep(200 * time.Millisecond) // for the signal to arrive
	if got := query(t, c.DSN("postgres"), "select 'alive'"); got != "alive" {
		t.Errorf("got %q", got)
	}
}

// onPassingThread does work on a thread that ends afterwards. The main thread never ends, so it is kept busy meanwhile.
func onPassingThread(work func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // a goroutine that ends without an unlock takes its thread along
		if syscall.Gettid() == os.Getpid() {
			onPassingThread(work)
			runtime.UnlockOSThread()
			return
		}
		work()
	}()
	<-done
}
