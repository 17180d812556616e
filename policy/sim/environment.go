package sim

// Environment is what a copy runs in: two servers, the link between them and
// one table. Rates are MB/s and sizes MB, where a MB is 2^20 bytes, so that
// flush sizes are whole numbers. Costs of rows are microseconds of a process.
type Environment struct {
	Name string

	// The table.
	Row         float64 // size of a row as COPY sends it, in thousandths of a MB
	Correlation float64 // of the key with the heap, as the catalog has it
	Skew        float64 // how unequal key ranges are: 0 not at all, 1 all rows are in one
	NoBlocks    bool    // it cannot be read by blocks
	Estimate    float64 // the catalog's idea of its size, as a multiple of the truth

	// The source.
	ScanCost   float64 // of a row that is read, kept or not
	SendCost   float64 // of a row that is sent
	RandomRead float64 // of a row whose block is neither the next one nor cached
	Cached     float64 // share of the blocks that are
	SourceCPUs float64
	SourceDisk float64 // MB/s
	SharedScan float64 // how far lanes that scan the same blocks share the disk: 0 not at all, 1 wholly

	// The link.
	RoundTrip  float64 // ms
	Link       float64 // MB/s
	Connection float64 // MB/s of one connection

	// Ourselves.
	RelayCost float64 // of a row
	RelayCPUs float64
	Memory    float64 // MB that may be resident

	// The destination.
	LoadCost   float64 // of a row that is inserted
	DestCPUs   float64
	Contention float64 // share of the work that lanes do one after the other
	Crosstalk  float64 // what each pair of lanes costs each other
	Overload   float64 // what lanes beyond a full resource cost it
	Log        float64 // MB/s of write-ahead log
	FlushTime  float64 // ms
	FlushTrips float64 // round trips that a flush takes

	// How the rate changes with time.
	Noise           float64 // standard deviation of the rate's logarithm
	NoiseTime       float64 // s, after which noise has forgotten most of itself
	WarmUp          float64 // share of the rate that is missing at first
	WarmUpTime      float64 // s, after which most of it is there
	CheckpointEvery float64 // MB between checkpoints; 0 for none
	CheckpointTime  float64 // s that one takes
	CheckpointRate  float64 // share of the rate that is left meanwhile
	Credit          float64 // MB after which the log is throttled; 0 for never
	AfterCredit     float64 // share of Log that is left then
	DriftAt         float64 // s after which others take the destination's processors; 0 for never
	DriftTo         float64 // share of them that is left then

	Lanes int // that an untuned run has

	// Oddities.
	SlowLane bool    // one connection moves a quarter of what the others do
	Troubled string  // a partition mode under which parts fail and are tried again
	Mute     bool    // no window has metrics besides bytes, rows and seconds
	Flat     float64 // MB/s of every setting, where that is all that differs; 0 for the model
}

// base is the environment that the named ones are variations of: two servers of
// 16 processors in one data centre, and rows of 1 KB whose key follows the heap.
func base(name string) Environment {
	return Environment{
		Name: name,
		Row:  1, Correlation: 1, Estimate: 1,
		ScanCost: 0.6, SendCost: 2.2, RandomRead: 90, Cached: 0.1, SourceCPUs: 16, SourceDisk: 6000, SharedScan: 0.85,
		RoundTrip: 0.3, Link: 1200, Connection: 600,
		RelayCost: 1.5, RelayCPUs: 8, Memory: 4096,
		LoadCost: 10, DestCPUs: 16, Contention: 0.02, Crosstalk: 0.001, Log: 900, FlushTime: 2, FlushTrips: 4,
		Noise: 0.08, NoiseTime: 1.5, WarmUp: 0.35, WarmUpTime: 2.5,
		Lanes: 8,
	}
}
