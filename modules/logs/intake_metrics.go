package logs

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"suiftly/internal/spool"
)

// lineCounts counts what became of lines, on this replica since it started.
type lineCounts struct {
	lines        *prometheus.CounterVec
	unattributed prometheus.Counter
}

func newLineCounts() lineCounts {
	return lineCounts{
		lines: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "suiftly_logs_lines_total", Help: "Log lines that this replica committed, by what became of them; every line is one of them.",
		}, []string{"became"}),
		unattributed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "suiftly_logs_unattributed_lines_total", Help: "Stored lines of a customer or service that is not known: kept, never billed.",
		}),
	}
}

func (c lineCounts) add(w written) {
	c.lines.WithLabelValues("stored").Add(float64(w.stored))
	c.lines.WithLabelValues("duplicate").Add(float64(w.duplicates))
	c.lines.WithLabelValues("rejected").Add(float64(w.rejected))
	c.lines.WithLabelValues("quarantined").Add(float64(w.quarantined))
	c.unattributed.Add(float64(w.unattributed))
}

func (m *Module) measure() {
	gauge := func(name, help string, value func(spool.Stats) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "suiftly_logs_spool_" + name, Help: help}, func() float64 {
			st, ok := m.watched.stats()
			if !ok {
				return 0
			}
			return value(st)
		})
	}
	m.kit.Measure(
		m.intake.counts.lines, m.intake.counts.unattributed,
		gauge("bytes", "Size of this replica's spool of received log lines.", func(st spool.Stats) float64 { return float64(st.Bytes) }),
		gauge("max_bytes", "Size at which senders have to wait.", func(st spool.Stats) float64 { return float64(st.MaxBytes) }),
		gauge("waiting_bytes", "What of it the database does not have yet.", func(st spool.Stats) float64 { return float64(st.Waiting) }),
		gauge("oldest_seconds", "How long the oldest line has waited for the database.", func(st spool.Stats) float64 {
			if st.Oldest.IsZero() {
				return 0
			}
			return time.Since(st.Oldest).Seconds()
		}),
		gauge("damaged", "Stretches of the spool that the disk did not keep, set aside in its folder.", func(st spool.Stats) float64 { return float64(st.Damaged) }),
	)
}
