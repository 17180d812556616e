package pgcluster

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// ServersEnv names the environment variable that says where scripts/servers.sh puts other versions' programs.
const ServersEnv = "RBT_TEST_SERVERS"

// defaultServers is where it puts them else.
const defaultServers = "/var/tmp/rbt-servers"

// Version returns the folder that holds the server programs of a major version, of those that scripts/servers.sh has
// unpacked.
func Version(major int) (string, error) {
	bin := filepath.Join(cmp.Or(os.Getenv(ServersEnv), defaultServers), strconv.Itoa(major), "bin")
	if !holdsServer(bin) {
		return "", fmt.Errorf("no server programs of PostgreSQL %d in %s: scripts/servers.sh gets them", major, bin)
	}
	return bin, nil
}
