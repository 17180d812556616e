package measure

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// Machine is where numbers come from. What the system does not tell is empty.
type Machine struct {
	Cores  int    `json:"cores"`
	Memory int64  `json:"memory_bytes"`
	Kernel string `json:"kernel"`
	CPU    string `json:"cpu"`
	OS     string `json:"os"`
}

// ThisMachine reads what Linux tells in /proc.
func ThisMachine() Machine {
	m := Machine{Cores: runtime.NumCPU(), OS: runtime.GOOS + "/" + runtime.GOARCH}
	m.CPU = field("/proc/cpuinfo", "model name")
	kilobytes, _ := strconv.ParseInt(strings.TrimSuffix(field("/proc/meminfo", "MemTotal"), " kB"), 10, 64)
	m.Memory = kilobytes << 10
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")               // not there on other systems
	m.Kernel, _, _ = strings.Cut(strings.TrimSpace(string(release)), "-") // the rest is who built it
	return m
}

// field is the first "name: value" of a file.
func field(path, name string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), ":")
		if strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func (m Machine) String() string {
	parts := []string{fmt.Sprintf("%d cores", m.Cores)}
	if m.CPU != "" {
		parts[0] += " (" + m.CPU + ")"
	}
	if m.Memory > 0 {
		parts = append(parts, fmt.Sprintf("%.0f GiB RAM", float64(m.Memory)/(1<<30)))
	}
	if m.Kernel != "" {
		return strings.Join(append(parts, "kernel "+m.Kernel), ", ")
	}
	return strings.Join(append(parts, m.OS), ", ")
}
