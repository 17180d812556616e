package sim

// Named are the environments of the regression tests. Each holds one trap; the
// comment says which.
func Named() []Environment {
	return []Environment{
		lanCPU(), wan(), oneGigabit(), extensionLock(), randomKey(), gappedKey(), checkpointSaw(), creditCliff(),
	}
}

// lanCPU is a destination short of processors. Its best settings are so near
// each other that whoever tells them apart has been lucky.
func lanCPU() Environment {
	e := base("E1 lan-cpu")
	e.DestCPUs, e.LoadCost, e.Crosstalk, e.Overload = 8, 12, 0.012, 0.05
	return e
}

// wan is a far destination: many lanes and large flushes pay, far beyond the
// usual candidates.
func wan() Environment {
	e := base("E2 wan-40ms")
	e.RoundTrip, e.Connection, e.Noise, e.NoiseTime = 40, 90, 0.12, 3
	return e
}

// oneGigabit is a full link. No setting is better than another, so that
// searching can only cost.
func oneGigabit() Environment {
	e := base("E3 net-1g")
	e.Link, e.Overload, e.Crosstalk = 118, 0.004, 0.002
	return e
}

// extensionLock is PostgreSQL before 16, where lanes wait for each other to
// extend the table: fewer are faster.
func extensionLock() Environment {
	e := base("E4 ext-lock")
	e.Contention, e.Crosstalk = 0.12, 0.045
	return e
}

// randomKey is a table larger than memory whose key has nothing to do with the
// heap: a window by key ranges takes nine times as long as one by blocks.
func randomKey() Environment {
	e := base("E5 cold-rand-key")
	e.Correlation, e.SourceDisk = 0.2236, 1200 // squared 0.05
	return e
}

// gappedKey is a key with large gaps, so that key ranges are unequal.
func gappedKey() Environment {
	e := base("E6 gap-skew")
	e.Skew, e.ScanCost = 0.45, 0.5
	return e
}

// checkpointSaw is a destination that stalls every few seconds, which looks
// like an effect of the setting that happens to run.
func checkpointSaw() Environment {
	e := base("E7 ckpt-saw")
	e.Log, e.Noise, e.Overload = 420, 0.10, 0.12
	e.CheckpointEvery, e.CheckpointTime, e.CheckpointRate = 1400, 1.6, 0.35
	return e
}

// creditCliff is a cloud disk whose burst credit ends after some seconds:
// before that more lanes are best, after it fewer.
func creditCliff() Environment {
	e := base("E8 credit-cliff")
	e.Overload, e.Crosstalk, e.Credit, e.AfterCredit = 0.10, 0.002, 6000, 0.30
	return e
}
