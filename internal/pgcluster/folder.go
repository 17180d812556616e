package pgcluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

const folderPrefix = "rbt-pg-"

// maxFolder leaves room in the 104 bytes that a socket's path may have on macOS (108 on Linux) for "/data/.s.PGSQL.65535".
const maxFolder = 80

// folder is a temporary folder that belongs to this process for as long as lock is held; the kernel drops the lock
// however the process ends, so that others can tell a live folder from one left behind.
type folder struct {
	path string
	lock *os.File
}

// sweepOnce: a process removes once what killed ones have left; a test binary starts dozens of clusters.
var sweepOnce sync.Once

func newFolder(a account) (*folder, error) {
	parent := folderParent(os.TempDir(), a)
	sweepOnce.Do(func() { sweep(parent, time.Now()) })
	path, err := os.MkdirTemp(parent, folderPrefix)
	if err != nil {
		return nil, err
	}
	f := &folder{path: path}
	if err := f.open(); err != nil {
		os.RemoveAll(path)
		return nil, fmt.Errorf("prepare %s: %w", path, err)
	}
	return f, nil
}

// folderParent is the system's folder for temporary files, or /tmp where a socket's path would become too long or the
// server's account cannot reach it (root's own TMPDIR, say).
func folderParent(dir string, a account) string {
	if len(dir)+len("/"+folderPrefix+"4294967295") > maxFolder {
		return "/tmp"
	}
	if a.credential != nil && !reachable(dir) {
		return "/tmp"
	}
	return dir
}

// reachable reports whether anyone may pass through dir and the folders above it.
func reachable(dir string) bool {
	for ; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil || info.Mode()&0o001 == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

func (f *folder) open() error {
	if err := os.Chmod(f.path, 0o711); err != nil { // the server's account has to pass
		return err
	}
	lock, err := os.OpenFile(f.join("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	f.lock = lock
	return syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

func (f *folder) join(name string) string { return filepath.Join(f.path, name) }

func (f *folder) remove() error {
	err := os.RemoveAll(f.path)
	return errors.Join(err, f.lock.Close())
}

// sweep removes our folders in parent that no process holds any more. Young ones stay: theirs may be about to lock
// them, or a server that lost its parent may still be on its way out.
func sweep(parent string, now time.Time) {
	paths, _ := filepath.Glob(filepath.Join(parent, folderPrefix+"*"))
	for _, path := range paths {
		info, err := os.Lstat(path)
		if err != nil || !info.IsDir() || now.Sub(info.ModTime()) < time.Minute {
			continue
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) == os.Geteuid() && !held(path) {
			os.RemoveAll(path) // what cannot be removed now stays for the next process
		}
	}
}

func held(path string) bool {
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_RDWR|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return !errors.Is(err, os.ErrNotExist)
	}
	defer lock.Close()
	return syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil
}
