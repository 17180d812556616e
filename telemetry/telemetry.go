// Package telemetry tells OpenTelemetry of runs, streams and parts, as spans. It
// learns of them by the engine's events, and never makes the engine wait: what the
// collector cannot take in time is dropped.
package telemetry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/rapidbyte/rbt/runtime"
)

// Wanted reports whether the environment says where spans go.
func Wanted() bool {
	return os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
}

// Spans are those of a run. Event must be called by one goroutine at a time.
type Spans struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	began    time.Time
	run      trace.Span // nil before the run has begun
	context  context.Context
	streams  map[string]stream
}

type stream struct {
	span    trace.Span
	context context.Context
}

// Open prepares to send spans as the OTEL_* variables say, by HTTP. lost is told
// of what cannot be sent, from any goroutine: of all that the process sends, since
// the library knows one place for errors.
func Open(ctx context.Context, version string, lost func(error)) (*Spans, error) {
	if p := cmp.Or(os.Getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL")); p != "" && p != "http/protobuf" {
		return nil, fmt.Errorf("the protocol is %q, and rbt speaks http/protobuf: set OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", p)
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("prepare to send spans: %w", err)
	}
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "rbt"), attribute.String("service.version", version)),
		resource.WithHost(), resource.WithFromEnv())
	if err != nil && !errors.Is(err, resource.ErrPartialResource) { // which lacks what cannot be read
		return nil, fmt.Errorf("prepare to send spans: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(lost))
	p := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	return &Spans{provider: p, tracer: p.Tracer("github.com/rapidbyte/rbt"), began: time.Now(), streams: map[string]stream{}}, nil
}

// Event takes in what happened.
func (s *Spans) Event(e runtime.Event) {
	switch e := e.(type) {
	case runtime.RunStarted:
		s.context, s.run = s.tracer.Start(context.Background(), "run", trace.WithTimestamp(s.began), trace.WithAttributes(
			attribute.String("rbt.run", e.RunID), attribute.String("rbt.pipeline", e.Pipeline), attribute.Int("rbt.attempt", e.Attempt), attribute.Int("rbt.streams", len(e.Streams))))
	case runtime.StreamStarted:
		if s.run != nil {
			ctx, span := s.tracer.Start(s.context, "stream "+e.Stream, trace.WithAttributes(attribute.String("rbt.stream", e.Stream), attribute.String("rbt.setting", e.Setting.Format(e.Knobs))))
			s.streams[e.Stream] = stream{span, ctx}
		}
	case runtime.PartDone:
		s.part(e)
	case runtime.Retry:
		if st, ok := s.streams[e.Stream]; ok {
			st.span.AddEvent("retry", trace.WithAttributes(attribute.String("rbt.doing", e.Doing), attribute.Int("rbt.try", e.Try)))
		}
	case runtime.AutotuneDecision:
		if st, ok := s.streams[e.Stream]; ok {
			st.span.AddEvent("autotune-decision", trace.WithAttributes(attribute.String("rbt.reason", e.Reason), attribute.String("rbt.winner", e.Winner.Format(e.Knobs)), attribute.Float64("rbt.lead", e.Lead)))
		}
	case runtime.StreamDone:
		s.done(e)
	case runtime.RunDone:
		s.end(e)
	}
}

// part is a span that ends now.
func (s *Spans) part(e runtime.PartDone) {
	st, ok := s.streams[e.Part.Stream]
	if !ok {
		return
	}
	now := time.Now()
	_, span := s.tracer.Start(st.context, "part", trace.WithTimestamp(now.Add(-e.Duration)), trace.WithAttributes(
		attribute.Int64("rbt.mark", e.Part.Mark), attribute.Int("rbt.lane", e.Lane), attribute.Int64("rbt.rows", e.Rows), attribute.Int64("rbt.bytes", e.Bytes),
		attribute.Float64("rbt.source_wait_secs", e.SourceWait.Seconds()), attribute.Float64("rbt.dest_flush_secs", e.FlushTime.Seconds())))
	span.End(trace.WithTimestamp(now))
}

func (s *Spans) done(e runtime.StreamDone) {
	st, ok := s.streams[e.Stream]
	if !ok {
		return
	}
	st.span.SetAttributes(attribute.Int64("rbt.rows", e.Rows), attribute.Int64("rbt.bytes", e.Bytes), attribute.Int64("rbt.rejected", e.Rejected))
	st.span.End()
	delete(s.streams, e.Stream)
}

// end ends the run's span, and those of the streams that did not come so far.
func (s *Spans) end(e runtime.RunDone) {
	if s.run == nil {
		return
	}
	for _, st := range s.streams {
		st.span.SetStatus(codes.Error, "unfinished")
		st.span.End()
	}
	s.run.SetAttributes(attribute.String("rbt.status", e.Summary.Status), attribute.Int64("rbt.rows", e.Summary.Rows), attribute.Int64("rbt.bytes", e.Summary.Bytes))
	if e.Err != nil { // whose words may hold values of rows
		s.run.SetStatus(codes.Error, e.Summary.Status)
	}
	s.run.End()
}

// farewell bounds how long a collector may take for the last spans.
const farewell = 5 * time.Second

// Close sends what is left.
func (s *Spans) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	if err := s.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("send the last spans: %w", err)
	}
	return nil
}
