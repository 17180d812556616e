//go:build !wasip1

package guest

func log(uint32, string) {}
