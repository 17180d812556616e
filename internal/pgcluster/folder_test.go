package pgcluster

import (
	"os"
	"testing"
	"time"
)

func TestSweepRemovesWhatNobodyHolds(t *testing.T) {
	tmp, err := os.MkdirTemp("/tmp", "rbt-test-") // not t.TempDir, which is too long for sockets on macOS
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	t.Setenv("TMPDIR", tmp)
	held, err := newFolder(account{})
	if err != nil {
		t.Fatal(err)
	}
	defer held.remove()
	left, err := newFolder(account{})
	if err != nil {
		t.Fatal(err)
	}
	left.lock.Close() // as if its process were gone

	sweep(os.TempDir(), time.Now())
	if !exists(left.path) {
		t.Error("a young folder was removed")
	}
	sweep(os.TempDir(), time.Now().Add(2*time.Minute))
	if exists(left.path) {
		t.Error("a folder that nobody holds is still there")
	}
	if !exists(held.path) {
		t.Error("a folder in use was removed")
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
