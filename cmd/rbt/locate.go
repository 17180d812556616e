package main

import (
	"slices"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/runtime"
)

// locate points at the pipeline's lines that an error is about. An error that
// is, even in part, about something else stays what it is.
func (j *job) locate(err error, streams []runtime.Stream) error {
	found := streamErrors(err)
	var errs []error
	for _, f := range found {
		if f.Attribute == "" {
			return err
		}
		i := slices.IndexFunc(streams, func(s runtime.Stream) bool { return s.Name == f.Stream })
		block := j.pipeline.StreamOf(streams[i].Schema, streams[i].Table)
		text := f.Stream + ": " + f.Err.Error()
		errs = append(errs, j.pipeline.ErrorAt(block.PosOf(f.Attribute), text, ""))
	}
	if len(errs) == 0 {
		return err
	}
	return &fileError{errs}
}

// streamErrors returns the parts of an error where all of it is about streams.
func streamErrors(err error) []*connectors.StreamError {
	if one, ok := err.(*connectors.StreamError); ok {
		return []*connectors.StreamError{one}
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	var all []*connectors.StreamError
	for _, e := range joined.Unwrap() {
		part := streamErrors(e)
		if part == nil {
			return nil
		}
		all = append(all, part...)
	}
	return all
}
