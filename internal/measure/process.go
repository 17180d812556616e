package measure

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Usage is what the processes of one run took.
type Usage struct {
	Wall time.Duration
	CPU  time.Duration
	// Servers is the processor time that both servers took meanwhile; 0 where the system does not tell.
	Servers time.Duration
	// Memory is the peak resident size in bytes, of several processes that of the largest. The kernel counts from the
	// fork, so that it is never below what this program itself has.
	Memory int64
}

// Run runs a program to its end.
func Run(cmd *exec.Cmd) (Usage, error) {
	said := gather(cmd)
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return Usage{}, failure(cmd, err, said)
	}
	u := used(cmd.ProcessState)
	u.Wall = time.Since(began)
	return u, nil
}

// Printed is what a program prints.
func Printed(ctx context.Context, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	said := gather(cmd)
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), failure(cmd, err, said)
}

// gather keeps what a program says, for the error it may end with.
func gather(cmd *exec.Cmd) *bytes.Buffer {
	var said bytes.Buffer
	cmd.Stderr = &said
	return &said
}

func failure(cmd *exec.Cmd, err error, said *bytes.Buffer) error {
	if err == nil {
		return nil
	}
	if text := strings.TrimSpace(said.String()); text != "" {
		return fmt.Errorf("%s: %w\n%s", cmd.Path, err, text)
	}
	return fmt.Errorf("%s: %w", cmd.Path, err)
}

func used(s *os.ProcessState) Usage {
	u := Usage{CPU: s.UserTime() + s.SystemTime()}
	if r, ok := s.SysUsage().(*syscall.Rusage); ok {
		u.Memory = r.Maxrss * maxrssUnit()
	}
	return u
}

// maxrssUnit is what the kernel counts resident memory in.
func maxrssUnit() int64 {
	if runtime.GOOS == "darwin" {
		return 1
	}
	return 1 << 10
}
