package pgcluster

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// BinEnv names the environment variable that says where the server's programs are.
const BinEnv = "RBT_PG_BIN"

// serverPrograms are what a folder must hold to be of use. Many systems have the client's programs alone on the PATH.
var serverPrograms = []string{"initdb", "postgres", "pg_ctl"}

// installPatterns are the places where packages put server programs that are not on the PATH. scripts/postgres.sh
// looks in the same ones, and a test holds the two lists equal.
var installPatterns = []string{
	"/usr/lib/postgresql/*/bin",                               // Debian, Ubuntu
	"/usr/pgsql-*/bin",                                        // Fedora, RHEL, from postgresql.org
	"/usr/lib/postgresql*/bin",                                // SUSE
	"/usr/libexec/postgresql*",                                // Alpine
	"/opt/homebrew/opt/postgresql@*/bin",                      // Homebrew on Apple silicon
	"/usr/local/opt/postgresql@*/bin",                         // Homebrew on Intel
	"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",         // Homebrew on Linux
	"/opt/local/lib/postgresql*/bin",                          // MacPorts
	"/Applications/Postgres.app/Contents/Versions/[0-9]*/bin", // Postgres.app
	"/usr/local/pgsql/bin",                                    // built from source
}

// Find returns the folder that holds PostgreSQL's server programs: RBT_PG_BIN where it is set, else the one on the
// PATH, else the newest that is installed in a usual place.
func Find() (string, error) {
	return find(os.Getenv(BinEnv), installPatterns)
}

func find(override string, patterns []string) (string, error) {
	if override != "" {
		if !holdsServer(override) {
			return "", fmt.Errorf("%s=%s does not hold initdb, postgres and pg_ctl", BinEnv, override)
		}
		return filepath.Abs(override)
	}
	if dir, ok := onPath(); ok {
		return dir, nil
	}
	if dir, ok := newestInstalled(patterns); ok {
		return dir, nil
	}
	return "", errors.New("no PostgreSQL server found: " + installHint() +
		", or set " + BinEnv + " to the folder that holds initdb, postgres and pg_ctl")
}

// onPath follows the link before it trusts the folder: a server finds its own files relative to where it really is, and
// a folder of links may lack some of the programs.
func onPath() (string, bool) {
	program, err := exec.LookPath("postgres")
	if err != nil {
		return "", false
	}
	dirs := []string{filepath.Dir(program)}
	if target, err := filepath.EvalSymlinks(program); err == nil {
		dirs = []string{filepath.Dir(target), dirs[0]}
	}
	i := slices.IndexFunc(dirs, holdsServer)
	if i < 0 {
		return "", false
	}
	return dirs[i], true
}

func newestInstalled(patterns []string) (string, bool) {
	var found []string
	for _, pattern := range patterns {
		dirs, _ := filepath.Glob(pattern) // fails on a malformed pattern only
		found = append(found, slices.DeleteFunc(dirs, func(dir string) bool { return !holdsServer(dir) })...)
	}
	if len(found) == 0 {
		return "", false
	}
	return slices.MaxFunc(found, func(a, b string) int { return cmp.Compare(versionIn(a), versionIn(b)) }), true
}

func holdsServer(dir string) bool {
	return !slices.ContainsFunc(serverPrograms, func(name string) bool {
		info, err := os.Stat(filepath.Join(dir, name))
		return err != nil || info.IsDir() || info.Mode()&0o111 == 0
	})
}

var versionPattern = regexp.MustCompile(`\d+(\.\d+)?`)

// versionIn reads 15 from /usr/lib/postgresql/15/bin and 9.6 from /usr/pgsql-9.6/bin; 0 where a path names no version.
func versionIn(dir string) float64 {
	numbers := versionPattern.FindAllString(dir, -1)
	if len(numbers) == 0 {
		return 0
	}
	version, _ := strconv.ParseFloat(numbers[len(numbers)-1], 64)
	return version
}

func installHint() string {
	managers := []struct{ program, hint string }{
		{"apt-get", "install it with `sudo apt-get install postgresql`"},
		{"dnf", "install it with `sudo dnf install postgresql-server`"},
		{"yum", "install it with `sudo yum install postgresql-server`"},
		{"apk", "install it with `sudo apk add postgresql`"},
		{"pacman", "install it with `sudo pacman -S postgresql`"},
		{"zypper", "install it with `sudo zypper install postgresql-server`"},
		{"brew", "install it with `brew install postgresql@17`"},
	}
	for _, m := range managers {
		if _, err := exec.LookPath(m.program); err == nil {
			return m.hint
		}
	}
	return "install PostgreSQL 14 or newer"
}
