package pgcluster

import (
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// process is a started program.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when the program has ended and has been waited for
}

// launch starts cmd and waits for it in the background.
//
// One goroutine does both, and holds on to its thread meanwhile. The parent-death signal (see processAttributes) comes
// when the thread that started the program ends, and the Go scheduler is free to end a thread that no goroutine is
// locked to: without the lock a server would die at random. The lock ends after the program, so the thread outlives it.
func launch(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, exited: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how a server ended is in its log
			close(p.exited)
		}
	}()
	return p, <-started
}

// end asks the program to stop and kills it if it has not after the patience. It reports whether it went by itself.
func (p *process) end(sig syscall.Signal, patience time.Duration) bool {
	if p.hasExited() {
		return true
	}
	_ = p.cmd.Process.Signal(sig) // fails if it has just exited
	select {
	case <-p.exited:
		return true
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		<-p.exited
		return false
	}
}

func (p *process) hasExited() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}
