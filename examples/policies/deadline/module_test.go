package main

import (
	"testing"

	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/guest"
	"github.com/rapidbyte/rbt/policy/guest/guesttest"
)

// TestModule holds that the policy decides the same as a module.
func TestModule(t *testing.T) {
	module := guesttest.Build(t, ".")
	if _, err := guesttest.Load(t, module, `{}`, nil); err == nil || err.Error() != `describe: bad_settings: bad_settings: finish_within must say how long a stream may take, such as "20m"` {
		t.Errorf("a wrong config: %v", err)
	}
	const config = `{"finish_within":"5m"}`
	p, err := guesttest.Load(t, module, config, nil)
	if err != nil {
		t.Fatal(err)
	}
	native, err := guest.Native(New, []byte(config), builtin.New())
	if err != nil {
		t.Fatal(err)
	}
	guesttest.Same(t, native, p)
}
