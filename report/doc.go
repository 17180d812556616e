// Package report turns traces into pages that people can look at: one file that
// needs nothing else. A [Builder] takes in the records of a trace, also while a
// run is at work; [Report.Page] writes what it has understood so far.
//
//	r, err := report.Read(file, "trace.jsonl", say)
//	err = r.Page(out)
//
// The charts are drawn by Apache ECharts, which is embedded with its licence.
// Charts of windows, of knobs and of where the time went stand above tables with the
// same figures; curves of throughput and charts of lanes have too many for one.
package report
