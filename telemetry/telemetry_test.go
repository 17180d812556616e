package telemetry_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/runtime"
	"github.com/rapidbyte/rbt/telemetry"
)

// collect takes in spans as a collector does.
func collect(t *testing.T) (url string, spans func() []*otlp.Span) {
	var mu sync.Mutex
	var got []*otlp.Span
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var request collector.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &request); err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, resource := range request.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				got = append(got, scope.Spans...)
			}
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []*otlp.Span {
		mu.Lock()
		defer mu.Unlock()
		return got
	}
}

// TestSpans holds that a run, its streams and their parts are spans, one within
// the other, and what a run that failed looks like.
func TestSpans(t *testing.T) {
	url, got := collect(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
	if !telemetry.Wanted() {
		t.Fatal("the environment is not heard")
	}
	s, err := telemetry.Open(t.Context(), "test", func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []runtime.Event{
		runtime.RunStarted{RunID: "R1", Pipeline: "orders", Attempt: 1},
		runtime.StreamStarted{Stream: "public.a"}, runtime.StreamStarted{Stream: "public.b"},
		runtime.PartDone{Part: connectors.Part{Stream: "public.a", Mark: 7}, Rows: 5, Bytes: 50, Duration: time.Second},
		runtime.StreamDone{Stream: "public.a", Rows: 5},
		runtime.RunDone{Summary: runtime.Summary{Status: "failed"}, Err: errors.New("a value of a row")},
	} {
		s.Event(e)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	byName := map[string]*otlp.Span{}
	for _, span := range got() {
		byName[span.Name] = span
	}
	run, a, b, part := byName["run"], byName["stream public.a"], byName["stream public.b"], byName["part"]
	if run == nil || a == nil || b == nil || part == nil {
		t.Fatalf("spans %v", byName)
	}
	if string(a.ParentSpanId) != string(run.SpanId) || string(part.ParentSpanId) != string(a.SpanId) {
		t.Error("the spans are not one within the other")
	}
	if took := time.Duration(part.EndTimeUnixNano - part.StartTimeUnixNano); took != time.Second {
		t.Errorf("the part took %v", took)
	}
	if run.Status.Code != otlp.Status_STATUS_CODE_ERROR || run.Status.Message != "failed" || b.Status.Code != otlp.Status_STATUS_CODE_ERROR || a.Status.Code == otlp.Status_STATUS_CODE_ERROR {
		t.Errorf("status of the run %v, of the streams %v and %v", run.Status, a.Status, b.Status)
	}
}

// TestProtocol refuses what is not spoken.
func TestProtocol(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	if _, err := telemetry.Open(t.Context(), "test", nil); err == nil {
		t.Error("grpc is not refused")
	}
}

// TestDeadCollector holds that a collector which does not answer costs a run some
// seconds at its end, and nothing else.
func TestDeadCollector(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	told := make(chan error, 100)
	lost := func(err error) { told <- err }
	s, err := telemetry.Open(t.Context(), "test", lost)
	if err != nil {
		t.Fatal(err)
	}
	s.Event(runtime.RunStarted{RunID: "R1"})
	for range 10_000 {
		s.Event(runtime.PartDone{})
	}
	s.Event(runtime.RunDone{})
	err = s.Close(t.Context())
	select {
	case <-told:
	default:
		t.Errorf("nobody was told that the spans are lost; error %v", err)
	}
}
