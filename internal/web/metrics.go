package web

import (
	"bytes"
	"net/netip"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"
)

type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		// The label is the route's pattern, never the path: paths are unbounded and may name customers.
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "suiftly_http_request_duration_seconds", Help: "Time to answer a request.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"method", "route", "status"}),
	}
	m.registry.MustRegister(m.requests, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Metrics is where rooms register their own.
func (s *Server) Metrics() prometheus.Registerer { return s.metrics.registry }

// serveMetrics answers scrapers on this machine only: totals of other people's money are nobody else's business.
func (s *Server) serveMetrics(c *fiber.Ctx) error {
	if ip := CallerFrom(c.UserContext()).IP; ip != (netip.Addr{}) && !ip.IsLoopback() {
		return s.writeError(c, errNoRoute)
	}
	families, err := s.metrics.registry.Gather()
	if err != nil {
		return s.writeError(c, err)
	}
	var out bytes.Buffer
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&out, f); err != nil {
			return s.writeError(c, err)
		}
	}
	c.Set(fiber.HeaderContentType, string(expfmt.NewFormat(expfmt.TypeTextPlain)))
	return c.Send(out.Bytes())
}
