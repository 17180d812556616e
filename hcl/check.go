package hcl

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

var (
	pipelineName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$`)
	wholeNumber  = regexp.MustCompile(`^[0-9]{1,18}$`)
	sha256Hex    = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// check holds the rules that the schema cannot say: those of labels, and those
// that span attributes. A rule is silent where a value it needs is invalid,
// which has been noted already.
func (d *decoder) check(root *node, streams []streamNode) {
	d.checkName(root)
	for _, s := range streams {
		d.checkModes(s)
		d.checkPattern(s)
		d.checkKeyInColumns(s)
		d.checkComputed(root, s)
	}
	d.checkDuplicates(streams)
	d.checkTargets(root, streams)
	d.checkParallelism(root)
	d.checkPolicy(root)
}

func (d *decoder) checkName(root *node) {
	for _, n := range root.inner("pipeline") {
		if !pipelineName.MatchString(n.title.text) {
			d.diags.add(&n.title.rng, fmt.Sprintf("%s is not a name for a pipeline", quote(n.title.text)),
				"use up to 63 letters, digits, _, - and dots, beginning with a letter or digit")
		}
	}
}

// checkModes holds together the attributes that need each other.
func (d *decoder) checkModes(s streamNode) {
	for _, rule := range []struct {
		mode, is, goes string
		needed         bool
	}{
		{"sync_mode", string(Incremental), "cursor", true},
		{"write_mode", string(Upsert), "primary_key", false},
	} {
		mode := get[string](s.node, rule.mode)
		switch {
		case mode == rule.is && rule.needed && !s.has(rule.goes) && !d.partial:
			at := s.written[rule.mode].value
			d.diags.add(&at, fmt.Sprintf("%s %q needs %s", rule.mode, rule.is, rule.goes),
				fmt.Sprintf("%s must be %s", rule.goes, s.attribute(rule.goes).want()))
		case mode != rule.is && mode != "" && s.has(rule.goes):
			at := s.written[rule.goes].name
			d.diags.add(&at, fmt.Sprintf("%s is for %s %q only", rule.goes, rule.mode, rule.is),
				fmt.Sprintf("%s is %q here", rule.mode, mode))
		}
	}
	d.checkIncremental(s)
	d.checkDelete(s)
	d.checkHashes(s)
	d.checkRejects(s)
	d.checkVerify(s)
	d.checkChecks(s)
}

// checkHashes keeps hashes away from rows of two runs, which may have two salts.
func (d *decoder) checkHashes(s streamNode) {
	if get[string](s.node, "resume") != string(Continue) {
		return
	}
	for _, c := range s.inner("column") {
		if get[string](c, "mask") == string(MaskHash) {
			at := c.written["mask"].value
			d.diags.add(&at, fmt.Sprintf("mask %q cannot go with resume %q: with another salt the rest would have other hashes", MaskHash, Continue), "leave resume out")
		}
	}
}

// checkRejects keeps max_rejects to streams that put rows aside.
func (d *decoder) checkRejects(s streamNode) {
	if how := get[string](s.node, "on_bad_row"); how != "" && how != string(RejectBadRow) && s.has("max_rejects") {
		at := s.written["max_rejects"].name
		d.diags.add(&at, fmt.Sprintf("max_rejects is for on_bad_row %q only", RejectBadRow), fmt.Sprintf("on_bad_row is %q here", how))
	}
}

// checkVerify keeps verify to streams that show one moment.
func (d *decoder) checkVerify(s streamNode) {
	how, resume := get[string](s.node, "verify"), get[string](s.node, "resume")
	if how == "" || how == string(NoVerify) || resume != string(Continue) {
		return
	}
	at := s.written["verify"].value
	d.diags.add(&at, fmt.Sprintf("verify cannot go with resume %q, which may keep rows of an earlier moment", Continue), "leave one of them out")
}

// checkChecks wants the checks of a stream to differ in name, and to ask about
// the table.
func (d *decoder) checkChecks(s streamNode) {
	d.checkTitles(s.inner("check"), "check")
	for _, c := range s.inner("check") {
		if sql := get[string](c, "sql"); sql != "" && !strings.Contains(sql, "{{target}}") {
			at := c.written["sql"].value
			d.diags.add(&at, "the check does not ask about {{target}}", "{{target}} stands for the table with the rows of the run, which has another name until they are visible")
		}
	}
}

// checkIncremental holds together what goes with a cursor.
func (d *decoder) checkIncremental(s streamNode) {
	mode := get[string](s.node, "sync_mode")
	if mode == "" {
		return
	}
	if mode != string(Incremental) {
		for _, name := range []string{"tie_breaker", "initial", "lookback"} {
			if s.has(name) {
				at := s.written[name].name
				d.diags.add(&at, fmt.Sprintf("%s is for sync_mode %q only", name, Incremental), fmt.Sprintf("sync_mode is %q here", mode))
			}
		}
		return
	}
	at := s.written["sync_mode"].value
	if get[string](s.node, "write_mode") == string(Replace) {
		d.diags.add(&at, fmt.Sprintf("sync_mode %q cannot go with write_mode %q, which would drop the rows of earlier runs", Incremental, Replace),
			`write_mode = "upsert" with primary_key, or "append"`)
	}
	if get[string](s.node, "resume") == string(Continue) {
		at = s.written["resume"].value
		d.diags.add(&at, fmt.Sprintf("resume %q is for sync_mode %q only", Continue, FullRefresh), "a run that was cut off reads its rows again")
	}
	if back := get[string](s.node, "lookback"); back != "" {
		_, noDuration := time.ParseDuration(back)
		if !wholeNumber.MatchString(back) && noDuration != nil {
			at = s.written["lookback"].value
			d.diags.add(&at, fmt.Sprintf("lookback must be a duration or a number, not %s", quote(back)), `"5m" for a time, 1000 for a number`)
		}
	}
}

// checkDelete keeps delete to what knows all rows of the source.
func (d *decoder) checkDelete(s streamNode) {
	del, write, sync := get[string](s.node, "delete"), get[string](s.node, "write_mode"), get[string](s.node, "sync_mode")
	if del == "" || del == string(KeepDeleted) || write == "" || sync == "" {
		return
	}
	at := s.written["delete"].value
	switch {
	case write != string(Upsert):
		d.diags.add(&at, fmt.Sprintf("delete is for write_mode %q only", Upsert), fmt.Sprintf("write_mode is %q here", write))
	case sync != string(FullRefresh):
		d.diags.add(&at, fmt.Sprintf("delete is for sync_mode %q only", FullRefresh), "a run that reads the new rows cannot tell which ones are gone")
	}
}

// checkPattern keeps what is about one table out of a stream of many.
func (d *decoder) checkPattern(s streamNode) {
	if !s.pattern.HasWildcard() {
		if s.has("exclude") {
			at := s.written["exclude"].name
			d.diags.add(&at, "exclude is for a pattern such as \"public.*\" only", "this stream is one table")
		}
		return
	}
	for _, a := range s.attributes {
		if a.single && s.has(a.name) {
			at := s.written[a.name].name
			d.diags.add(&at, fmt.Sprintf("%s cannot be set for a pattern", a.name),
				"give the table a stream of its own, above this one")
		}
	}
}

func (d *decoder) checkKeyInColumns(s streamNode) {
	columns := texts(get[[]element](s.node, "columns"))
	if columns == nil {
		return
	}
	for _, key := range get[[]element](s.node, "primary_key") {
		if !slices.Contains(columns, key.text) {
			d.diags.add(&key.rng, fmt.Sprintf("the column %s of primary_key is not among columns", quote(key.text)),
				"without it the destination cannot tell the rows apart")
		}
	}
}

// checkTitles wants blocks of a kind to differ in their titles.
func (d *decoder) checkTitles(blocks []*node, kind string) {
	first := map[string]*node{}
	for _, b := range blocks {
		if before, twice := first[b.title.text]; twice {
			d.diags.add(&b.title.rng, fmt.Sprintf("a second %s %s", kind, quote(b.title.text)), fmt.Sprintf("the first is in line %d", before.title.rng.Start.Line))
		}
		first[b.title.text] = b
	}
}

// checkComputed wants a column block to say one thing of one column.
func (d *decoder) checkComputed(root *node, s streamNode) {
	salt := get[string](root.one("source"), "salt")
	d.checkTitles(s.inner("column"), "column")
	for _, c := range s.inner("column") {
		name := quote(c.title.text)
		switch {
		case s.pattern.HasWildcard():
			d.diags.add(&c.title.rng, "column cannot be set for a pattern", "give the table a stream of its own, above this one")
		case c.has("expr") == c.has("mask"):
			d.diags.add(&c.title.rng, fmt.Sprintf("column %s needs either expr or mask", name), `expr = "lower(email)", or mask = "hash"`)
		case get[string](c, "mask") == string(MaskHash) && salt == "" && !d.partial:
			at := c.written["mask"].value
			d.diags.add(&at, "hashes need a salt: without one, short values are found by trying all", `source "postgres" { salt = var.salt }`)
		}
	}
}

func (d *decoder) checkDuplicates(streams []streamNode) {
	first := map[Pattern]streamNode{}
	for _, s := range streams {
		if before, twice := first[s.pattern]; twice {
			d.diags.add(&s.title.rng, fmt.Sprintf("a second stream %s", quote(s.title.text)),
				fmt.Sprintf("the first is in line %d", before.title.rng.Start.Line))
			continue
		}
		first[s.pattern] = s
	}
}

// checkTargets finds streams that would write the same table.
func (d *decoder) checkTargets(root *node, streams []streamNode) {
	destinations := root.inner("destination")
	if len(destinations) != 1 {
		return
	}
	type table struct{ schema, name string }
	first := map[table]streamNode{}
	for _, s := range streams {
		if s.pattern.HasWildcard() {
			continue
		}
		to, at := table{get[string](destinations[0], "schema"), get[string](s.node, "target")}, s.title.rng
		if to.schema == "" {
			to.schema = s.pattern.schema.text
		}
		if to.name == "" {
			to.name = s.pattern.table.text
		} else {
			at = s.written["target"].value
		}
		before, twice := first[to]
		if !twice {
			first[to] = s
			continue
		}
		if before.pattern != s.pattern { // else it is a second stream of the same table, noted as such
			d.diags.add(&at, fmt.Sprintf("two streams write the table %s", quote(to.name)),
				fmt.Sprintf("the other is in line %d; give each a target of its own", before.title.rng.Start.Line))
		}
	}
}

// checkParallelism holds parallelism under the worker cap, wherever it is set.
func (d *decoder) checkParallelism(root *node) {
	resources := root.one("resources")
	limit := get[int64](resources, "worker_cap")
	if limit == 0 {
		return
	}
	set := append(root.inner("pin"), resources)
	for _, s := range root.inner("stream") {
		set = append(set, s.inner("pin")...)
	}
	for _, n := range set {
		if lanes := get[int64](n, "parallelism"); lanes > limit {
			at := n.written["parallelism"].value
			d.diags.add(&at, fmt.Sprintf("parallelism is above worker_cap, which is %d", limit),
				"lower the one or raise the other, in resources { worker_cap = … }")
		}
	}
}

func (d *decoder) checkPolicy(root *node) {
	n := root.one("autotune").one("policy")
	if sum := get[string](n, "sha256"); sum != "" && !sha256Hex.MatchString(sum) {
		at := n.written["sha256"].value
		d.diags.add(&at, "sha256 must be 64 hex digits in lower case", "as sha256sum prints them")
	}
}

func texts(elements []element) []string {
	var list []string
	for _, e := range elements {
		list = append(list, e.text)
	}
	return list
}
