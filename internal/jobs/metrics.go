package jobs

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	runs    *prometheus.HistogramVec
	success *prometheus.GaugeVec
}

func newMetrics() metrics {
	return metrics{
		runs: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "suiftly_job_duration_seconds", Help: "How long this replica's runs of a job took.",
			Buckets: []float64{.01, .1, 1, 10, 60, 600},
		}, []string{"job", "result"}),
		success: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "suiftly_job_last_success_timestamp_seconds", Help: "When this replica last finished a run of the job; the newest of all replicas counts.",
		}, []string{"job"}),
	}
}

// Metrics are how long runs took and when a job last succeeded, by job.
func (s *Scheduler) Metrics() []prometheus.Collector {
	return []prometheus.Collector{s.metrics.runs, s.metrics.success}
}

func (m metrics) ran(job string, ended time.Time, took time.Duration, failed error) {
	if failed != nil {
		m.runs.WithLabelValues(job, "failed").Observe(took.Seconds())
		return
	}
	m.runs.WithLabelValues(job, "done").Observe(took.Seconds())
	m.success.WithLabelValues(job).Set(float64(ended.UnixMilli()) / 1000)
}
