package main

import "context"

// measureOverhead asks what tuning costs between near servers. The same arm takes part twice: how far it is from
// itself is what this benchmark cannot tell from nothing.
func (o options) measureOverhead(ctx context.Context, l *lab, rep *report) error {
	s, err := l.fill(ctx, keyedMetrics(), o.overRows)
	if err != nil {
		return err
	}
	again := untuned(0)
	again.name += " again"
	way := fastRoad()
	r := race{
		title: "Overhead, " + way.name, road: way, sample: s, rounds: o.overRounds,
		arms: []arm{untuned(0), again, tuned(0)},
	}
	results, err := l.run(ctx, r)
	t := r.trial(results)
	t.compare(overhead, tuned(0).name, untuned(0).name)
	t.compare(overhead, again.name, untuned(0).name)
	rep.add(t)
	return err
}
