package probe

// What the probe phase is tuned with. Each says what it is taken from: a
// number of the literature, a measurement, or a choice. None is a promise.
const (
	// Windows. The target length is a share of the stream's estimated duration,
	// so that a window on a bad setting costs little of a short stream. Up to
	// 0.4 % and 0.8 s were tried: so few windows fit into 30 s and into 15 % of
	// a stream that more was lost than their accuracy won (simulated: mean
	// regret at 120 s 12 % instead of 8 %).
	windowShare = 0.002
	// leastRoundTrips is what a window must have lasted to count.
	leastRoundTrips = 3
	// discard is the share of a window that goes before measuring begins: lanes
	// connect, plans are made, TCP's window opens.
	discard = 0.2
	// caution is how much of a window the first one of an unknown setting takes.
	caution = 0.35
	// flushesPerWindow is how many times over a window holds its own value of a
	// Bytes knob that the round turns: with less, the knob has no effect within
	// the window. Twice the larger of the two values, for both, was a fairer
	// comparison but too dear: over slow links no flush size was tried at all
	// (simulated: p95 of the regret at 120 s 24 % instead of 19 %).
	flushesPerWindow = 1
	// wholeFrom is from which share of a Bytes knob on, per lane, windows are
	// made to hold the whole of it. From a half on, windows on a link of 40 ms
	// were twice as long: 12 lanes, the best there, were never tried (measured),
	// and 60 s had 0.1 to 0.7 points more mean regret (simulated).
	wholeFrom = 0.75

	// Warm-up. Leader windows count once two successive ones agree this well;
	// after warmWindows they count as they are.
	warmAgree   = 0.08
	warmWindows = 5
	// warmGrowth is the most by which a window of the warm-up is larger than all
	// before it together.
	warmGrowth = 20

	// assumedSeconds is the duration where there is no estimate: windows and
	// losses are then small, and the stream may end at any time.
	assumedSeconds = 60

	// Judging. A candidate is adopted if it is ahead by more than worth, and by
	// more than adoptErrors standard errors. With 1.6, 16 lanes were given up over
	// a slow link that two windows had 9.8 % ahead of 12: the stream took 59 s, and
	// 49 with 16 lanes from the start (measured). It is dropped once dropErrors
	// standard errors more would not put it ahead by worth, and after a window more
	// than Budget.MinWindows if it is not. Without that window, two had 16 lanes
	// 5.2 +- 9 % behind 12, where they are a fifth faster; the p95 of the regret at
	// 1000 s is 5.0 instead of 4.5 %, its mean at 60 s 0.1 points less (simulated).
	worth       = 0.02
	adoptErrors = 1.3
	dropErrors  = 1.0
	// A lead above Budget.Lead is stable at this many standard errors.
	stableErrors = 2
	// At once, after a single window: on a gap, as a log-ratio, of hugeGap, or
	// of largeGap and at least largeErrors standard errors. A lead by luck does
	// no harm: it is confirmed before it wins.
	hugeGap     = 0.9
	largeGap    = 0.15
	largeErrors = 2.0
	// boundErrors makes the 90 % bounds that are reported.
	boundErrors = 1.645
	// mostError is the largest standard error of a score, relative to it: more
	// than that is as little known.
	mostError = 1000
	// priorNoise is the standard deviation of a paired log-ratio where a policy
	// knows none.
	priorNoise = 0.08
	// tieDiffers is by how much two tie-break numbers differ, as a fraction of
	// the larger, to decide.
	tieDiffers = 0.05

	// windowsPerRound is the most windows that a round gives a candidate. The
	// later ones are for those that seem to be ahead: five in all had 0.5 points
	// more of the p95 of the regret at 1000 s (simulated).
	windowsPerRound = 8

	// Confirming. A leader whose lead over the baseline is below confirmLead is
	// compared with the baseline itself before it wins, in up to
	// confirmWindows windows, for which confirmShare of the budget is kept. It
	// stays the winner at confirmErrors standard errors.
	confirmLead    = 0.30
	confirmWindows = 8
	confirmShare   = 0.10
	confirmErrors  = 2.7
	exploring      = 1 - confirmShare // the share that may go before
	// fruitless is the share that may go before where a round was held and the
	// baseline leads. What is much better shows by then: the means of the simulated
	// regrets are within 0.1 points of those with all of the share, the p95 no
	// higher. Where nothing is to be gained, on two cores, a search moves a tenth
	// less than untuned streams do meanwhile (measured).
	fruitless = 0.5

	// Masks. A reason that masked maskRun windows in succession, or more than
	// maskShare of at least maskSample windows, is how things are on these
	// servers: windows count in spite of it from then on. Simulated with a
	// checkpoint of 2.3 s after each 557 MB, to let them count after three
	// windows, or always, has 8 % of runs leave the baseline where all settings
	// are equal; after six it is about 2 %. With
	// checkpoints nearly all the time, never costs 17 % of mean regret at 120 s,
	// after eight 12 %, always 7 %.
	maskRun    = 6
	maskShare  = 0.7
	maskSample = 12
	// unusableRun is how many windows in succession may be without a usable
	// measurement.
	unusableRun = 3
	// shortRun is the same for windows with too little to measure, which grow
	// meanwhile.
	shortRun = 6
	// maxGrow is how many times the windows of a setting are doubled because
	// there was too little to measure.
	maxGrow = 5
	// absurd is how many times faster than the leader no setting is.
	absurd = 100

	// reserve is how much longer than it should a window may take without
	// passing the budget.
	reserve = 1.2

	// troubles is how many retries and errors a candidate may have, and more
	// where the leader has as many.
	troubles = 2

	// The end of it all, whatever policies and clocks do.
	maxCandidates = 16  // a round
	maxClamps     = 100 // that are told
	maxRounds     = 24
	maxWindows    = 400
)
