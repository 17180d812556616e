package pgcluster

import "syscall"

// processAttributes gives a program a process group of its own, so that a terminal's Ctrl-C reaches us and not it: we
// stop the server, in order. It also has the kernel stop the program when we die, kill -9 included. SIGQUIT is
// PostgreSQL's immediate shutdown, in which the server takes its children along and frees its shared memory.
//
// The kernel watches the thread that started the program, not the process: see launch.
func processAttributes(credential *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: credential, Setpgid: true, Pdeathsig: syscall.SIGQUIT}
}
