package report

import (
	"math"
	"slices"

	"github.com/rapidbyte/rbt/policy"
)

// The data that the page's script draws from. Names are short because a large
// run has many parts.

type chartData struct {
	Seconds    float64       `json:"secs"`
	Throughput chartCurve    `json:"throughput"`
	Streams    []chartStream `json:"streams"`
}

// chartCurve is what moved in bins of time that follow each other, from the first to
// the last in which anything did.
type chartCurve struct {
	First  int       `json:"first"` // as many bins since the run began moved nothing
	Width  float64   `json:"width"` // seconds
	Speeds []float64 `json:"speeds"`
}

type chartStream struct {
	Name       string        `json:"name"`
	Throughput chartCurve    `json:"throughput"`
	Windows    []chartWindow `json:"windows,omitempty"`
	Parts      [][]float64   `json:"parts,omitempty"` // lane, from, to, source, write, flush, commit, other, rows, bytes
	Knobs      []chartKnob   `json:"knobs,omitempty"`
	Time       []slice       `json:"time,omitempty"`
}

type chartWindow struct {
	Seq     int     `json:"seq"`
	At      float64 `json:"at"`
	Secs    float64 `json:"secs"`
	Speed   float64 `json:"speed"`
	Setting string  `json:"setting"`
	Skipped string  `json:"skipped,omitempty"`
	Lanes   int     `json:"lanes"`
	Rows    int64   `json:"rows"`
	Bytes   int64   `json:"bytes"`
	Source  float64 `json:"source"`
	Write   float64 `json:"write"`
	Flush   float64 `json:"flush"`
	CPU     float64 `json:"cpu"`
}

type chartKnob struct {
	Name  string       `json:"name"`
	Tried []chartTried `json:"tried"`
}

type chartTried struct {
	Label string  `json:"label"`
	Lead  float64 `json:"lead"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	Won   bool    `json:"won"`
}

// bins is how many points a curve of throughput has: about what a screen shows.
const bins = 200

func (r *Report) charts() chartData {
	d := chartData{Seconds: r.Seconds, Streams: []chartStream{}}
	for _, s := range r.Streams {
		d.Streams = append(d.Streams, s.chart(r.Seconds))
	}
	d.Throughput = r.throughput()
	return d
}

// throughput is that of all streams together.
func (r *Report) throughput() chartCurve {
	var all []Part
	for _, s := range r.Streams {
		all = append(all, s.Parts...)
	}
	return throughput(all, r.Seconds)
}

func (s *Stream) chart(seconds float64) chartStream {
	c := chartStream{Name: s.Name, Throughput: throughput(s.Parts, seconds)}
	label := s.labels()
	for _, w := range s.Windows {
		c.Windows = append(c.Windows, chartWindow{Seq: w.Seq, At: w.At, Secs: w.Seconds, Speed: w.BytesPerSecond(), Setting: label(w), Skipped: w.Skipped,
			Lanes: w.Lanes, Rows: w.Rows, Bytes: w.Bytes, Source: w.SourceWait, Write: w.WriteWait, Flush: w.FlushWait, CPU: w.CPU})
	}
	for _, p := range s.Parts {
		c.Parts = append(c.Parts, []float64{float64(p.Lane), p.From, p.To, p.Time.Source, p.Time.Write, p.Time.Flush, p.Time.Commit, p.Time.Other, float64(p.Rows), float64(p.Bytes)})
	}
	if s.Decision != nil {
		for _, k := range s.Decision.Knobs {
			one := chartKnob{Name: k.Name, Tried: []chartTried{}}
			for _, t := range k.Tried {
				if t.Windows > 0 {
					one.Tried = append(one.Tried, chartTried{Label: t.Value + " against " + t.Against, Lead: t.Lead, Low: t.Low, High: t.High, Won: t.Won})
				}
			}
			if len(one.Tried) > 0 {
				c.Knobs = append(c.Knobs, one)
			}
		}
	}
	c.Time = s.slices()
	return c
}

// labels tells the settings of the windows apart by the knobs that differ: a legend has
// little room. Where none does it is the whole setting.
func (s *Stream) labels() func(Window) string {
	differ := slices.DeleteFunc(slices.Clone(s.knobs), func(k policy.Knob) bool {
		return !slices.ContainsFunc(s.Windows, func(w Window) bool { return w.setting[k.Name] != s.Windows[0].setting[k.Name] })
	})
	if len(differ) == 0 {
		return func(w Window) string { return w.Setting }
	}
	return func(w Window) string { return w.setting.Format(differ) }
}

// throughput spreads the bytes of each part over the time that it took. What a
// bin gets is exact in sum.
func throughput(parts []Part, seconds float64) chartCurve {
	width := seconds / bins
	if len(parts) == 0 || seconds <= 0 {
		return chartCurve{Width: width, Speeds: []float64{}}
	}
	sums := make([]float64, bins)
	for _, p := range parts {
		took := max(p.To-p.From, 1e-6)
		first := min(max(int(p.From/width), 0), bins-1)
		last := min(max(int(math.Ceil(p.To/width))-1, first), bins-1)
		for i := first; i <= last; i++ {
			begin, end := max(p.From, float64(i)*width), min(p.To, float64(i+1)*width)
			if first == last {
				begin, end = p.From, p.From+took
			}
			sums[i] += float64(p.Bytes) * max(end-begin, 0) / took
		}
	}
	for i := range sums {
		sums[i] /= width
	}
	first, end := 0, bins
	for first < end && sums[first] == 0 {
		first++
	}
	for first < end && sums[end-1] == 0 {
		end--
	}
	return chartCurve{First: first, Width: width, Speeds: sums[first:end]}
}
