package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/rapidbyte/rbt/report"
)

func reportCommand(u *ui) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "report [RUN-ID | TRACE-FILE]...",
		Short: "Write what a run did as a page to look at",
		Long: `Write what a run did as one HTML file that needs no network: what was copied and how
fast, what was tried and what it gave, what each lane did, where the time went and
what went wrong. Of the last run in this folder, of another by its id, or of a trace
file; it is compared with the run of the same pipeline before it. Several runs are
set side by side.`,
		Example: `  rbt report
  rbt report 01M847WPY8SVS2950CR0SXJ1PT -o friday.html
  rbt report before.jsonl after.jsonl -o compared.html`,
	}
	cmd.Flags().StringVarP(&output, "output", "o", "report.html", "the `file` to write; a report that is there is replaced")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			args = []string{""}
		}
		var reports []*report.Report
		for _, name := range args {
			path, err := findTrace(cmd.CommandPath(), name)
			if err != nil {
				return err
			}
			r, err := openReport(path)
			if err != nil {
				return err
			}
			reports = append(reports, r)
		}
		var page bytes.Buffer
		if err := writePage(&page, reports); err != nil {
			return err
		}
		if err := overwriteReport(output, page.Bytes()); err != nil {
			return err
		}
		u.printf("%s\n", output)
		return nil
	}
	return cmd
}

// writePage writes several runs side by side, and one beside the run before it.
func writePage(page *bytes.Buffer, reports []*report.Report) error {
	if len(reports) > 1 {
		return report.Compare(page, reports)
	}
	if err := compareWithPrevious(reports[0]); err != nil {
		return err
	}
	return reports[0].Page(page)
}

func openReport(path string) (*report.Report, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r, err := report.Read(file, path, decisionText)
	if err != nil {
		return nil, usage(err)
	}
	return r, nil
}

// compareWithPrevious finds the last run of the same pipeline that had ended well
// before this one began. Traces that cannot be read are passed over.
func compareWithPrevious(r *report.Report) error {
	runs, err := recordedRuns()
	if err != nil {
		return err
	}
	for _, run := range runs { // the newest first
		if run.id == r.Run {
			continue
		}
		before, err := openReport(run.trace)
		if err == nil && before.Pipeline == r.Pipeline && before.Status == "done" && before.Started.Before(r.Started) {
			r.After(before)
			return nil
		}
	}
	return nil
}

// overwriteReport writes the file, unless it is something else than a page.
func overwriteReport(path string, page []byte) error {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() { // a pipe, or a device
		out, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = out.Write(page)
		return errors.Join(err, out.Close())
	}
	if there, err := os.ReadFile(path); err == nil && len(there) > 0 && !bytes.Contains(there, []byte(`<meta name="generator" content="rbt">`)) {
		return usage(fmt.Errorf("%s is something else than a page of rbt, and is not overwritten", path), "-o FILE, for another one")
	}
	if dir := filepath.Dir(path); dir != "." {
		if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
			return usage(fmt.Errorf("there is no folder %s", dir))
		}
	}
	return os.WriteFile(path, page, 0o600)
}
