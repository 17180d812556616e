package builtin

import (
	"math"
	"slices"

	"github.com/rapidbyte/rbt/policy"
)

// smoothing is the weight of the newest window in the leader's smoothed rate.
// The smoothed rate is what the scores are told in. It cancels out of every
// comparison: over candidates that ran at different times it would compare the
// times, and of few windows it forgets the wrong ones.
const smoothing = 0.3

// score gives the leader its smoothed rate, and every other candidate that
// rate times its ratio to the leader, as neighbouring windows show it.
func score(r policy.ScoreRequest) policy.Scores {
	if len(r.Evidence) == 0 {
		return policy.Scores{}
	}
	leader := max(slices.IndexFunc(r.Evidence, func(e policy.Evidence) bool { return e.ID == r.Leader }), 0)
	ratios := compare(r.Evidence, leader)
	unit := smoothedRate(r.Evidence[leader].Windows)
	ties := tieBreaks(r.Evidence)
	var out policy.Scores
	for i, e := range r.Evidence {
		value := unit * math.Exp(min(max(ratios[i].log, -30), 30))
		out.Scores = append(out.Scores, policy.Score{
			ID: e.ID, Value: value, StdErr: value * ratios[i].err, Ties: ties[i].numbers(value),
		})
	}
	return out
}

// smoothedRate is an exponentially weighted mean of the windows' bytes per
// second; 1 where there is none, so that scores remain scores.
func smoothedRate(windows []policy.Window) float64 {
	mean := 0.0
	for i := range windows {
		switch rate := windows[i].BytesPerSecond(); {
		case !hasRate(&windows[i]):
		case mean == 0:
			mean = rate
		default:
			mean += smoothing * (rate - mean)
		}
	}
	if mean == 0 {
		return 1
	}
	return mean
}
