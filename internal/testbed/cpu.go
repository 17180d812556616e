package testbed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// clockTick is the unit of the kernel's process times; Linux has told user space 100 per second on every platform.
const clockTick = time.Second / 100

// CPU is the processor time that the server's processes have taken since its start. It needs Linux's /proc.
func (s *Server) CPU(ctx context.Context) (time.Duration, error) {
	var postmaster int
	err := use(ctx, s.DSN(), func(conn *pgx.Conn) error {
		backend, err := readProcess(int(conn.PgConn().PID()))
		postmaster = backend.parent
		return err
	})
	if err != nil {
		return 0, err
	}
	for {
		total, settled, err := treeTimes(postmaster)
		if settled || err != nil {
			return total, err
		}
	}
}

// treeTimes adds up the times of a process and its children. It is not settled where a child ended meanwhile: that may
// be missing among the living and among the dead.
func treeTimes(parent int) (total time.Duration, settled bool, err error) {
	before, err := readProcess(parent)
	if err != nil {
		return 0, false, err
	}
	paths, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0, false, err
	}
	for _, path := range paths {
		pid, _ := strconv.Atoi(filepath.Base(path))
		p, err := readProcess(pid)
		if err == nil && p.parent == parent { // an error: it has just ended
			total += p.own
		}
	}
	after, err := readProcess(parent)
	return total + after.own + after.reaped, after.reaped == before.reaped, err
}

// processTimes are a process's parent and its times, of itself and of its children that have ended.
type processTimes struct {
	parent      int
	own, reaped time.Duration
}

func readProcess(pid int) (processTimes, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return processTimes{}, err
	}
	return parseStat(string(text))
}

// parseStat reads a line of /proc/PID/stat. The program's name, in parentheses, may hold anything.
func parseStat(line string) (processTimes, error) {
	fields := strings.Fields(line[strings.LastIndexByte(line, ')')+1:])
	if len(fields) < 15 {
		return processTimes{}, errors.New("not a line of /proc/PID/stat")
	}
	var p processTimes
	var err error
	number := func(i int) time.Duration {
		n, e := strconv.ParseInt(fields[i-3], 10, 64) // numbered as in proc(5), where the state is the third
		err = errors.Join(err, e)
		return time.Duration(n)
	}
	p.parent = int(number(4))
	p.own = (number(14) + number(15)) * clockTick
	p.reaped = (number(16) + number(17)) * clockTick
	return p, err
}
