//go:build unix && !linux

package pgcluster

import "syscall"

// processAttributes gives a program a process group of its own, so that a terminal's Ctrl-C reaches us and not it: we
// stop the server, in order. A server outlives us here if we are killed with kill -9: only Linux has the means.
func processAttributes(credential *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: credential, Setpgid: true}
}
