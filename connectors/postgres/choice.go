package postgres

import (
	"errors"
	"fmt"
	"math"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/policy"
)

// followsHeap is the correlation from which a key range reads little more than
// its rows' blocks. Below it, ranges read the table in random order.
const followsHeap = 0.9

// choose says which partition modes the stream supports, the best by the
// catalog first.
func (s *snapshot) choose(st *connectors.Stream) connectors.Choice {
	f := st.Facts.(*facts)
	c := connectors.Choice{Knob: partitionMode(), WhyNot: map[string]string{}}
	c.Knob.Values = nil
	offer := func(mode string, obstacle error, why string) {
		if obstacle != nil {
			c.WhyNot[mode] = obstacle.Error()
			return
		}
		c.Knob.Values = append(c.Knob.Values, mode)
		if c.Why == "" {
			c.Best, c.Why = policy.EnumValue(mode), why
		}
	}
	offer(modeCtid, f.noBlocks, "block ranges read every block once")
	byRange := func() {
		offer(modeRange, f.noRange(st.Key), fmt.Sprintf("the key %q follows the heap (correlation %.2f)", st.Key, f.key.correlation))
	}
	byClass := func() {
		offer(modeMod, noClass(st.Key), fmt.Sprintf("residue classes of %q are equal however its values lie", st.Key))
	}
	if math.Abs(f.key.correlation) >= followsHeap {
		byRange()
		byClass()
	} else {
		byClass()
		byRange()
	}
	if len(c.Knob.Values) == 0 {
		c.Why = "the table can only be read in one piece"
	}
	return s.options.favour(c)
}

// DebugPartitionMode is the environment variable that people set PartitionMode
// with. Reasons name it.
const DebugPartitionMode = "RBT_DEBUG_PARTITION_MODE"

// favour puts the options' mode in the place of the catalog's choice.
func (o SourceOptions) favour(c connectors.Choice) connectors.Choice {
	if o.PartitionMode == "" {
		return c
	}
	v := policy.EnumValue(o.PartitionMode)
	if obstacle := c.Obstacle(v); obstacle != "" {
		c.Why = fmt.Sprintf("%s=%s does not apply (%s); %s", DebugPartitionMode, o.PartitionMode, obstacle, c.Why)
		return c
	}
	c.Best, c.Why = v, DebugPartitionMode
	return c
}

var errNoKey = errors.New("there is no key: set partition_key")

// noClass says why residue classes cannot divide the relation.
func noClass(key string) error {
	if key == "" {
		return errNoKey
	}
	return nil
}

// noRange says why key ranges cannot divide the relation.
func (f *facts) noRange(key string) error {
	switch {
	case key == "":
		return errNoKey
	case !f.key.integer:
		return fmt.Errorf("the key %q is not an integer", key)
	case f.bytes >= 0 && f.bytes <= worthDividing: // one part, or a few that need not be equal
		return nil
	case len(f.key.shape) == 0:
		return fmt.Errorf("nothing is known of how the values of %q lie", key)
	}
	return nil
}
