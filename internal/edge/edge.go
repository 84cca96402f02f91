// Package edge keeps the maps of a HAProxy on this host: by its runtime socket at once, and as files for its next start.
package edge

import (
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
)

// Config is the edge section of config.yaml.
type Config struct {
	HAProxySocket string `koanf:"haproxy_socket"`
	MapDir        string `koanf:"map_dir"`
	PublicURL     string `koanf:"public_url"` // where customers send their requests; only told, never used
}

// DefaultConfig has no HAProxy on this host.
func DefaultConfig() Config { return Config{} }

// Validate gives every problem of the section.
func (c Config) Validate() (problems []error) {
	if (c.HAProxySocket == "") != (c.MapDir == "") {
		problems = append(problems, fmt.Errorf("edge: haproxy_socket and map_dir go together: set both, or neither for no HAProxy on this host"))
	}
	for key, path := range map[string]string{"haproxy_socket": c.HAProxySocket, "map_dir": c.MapDir} {
		if path != "" && (!filepath.IsAbs(path) || strings.ContainsAny(path, " \t\n;\\")) {
			problems = append(problems, fmt.Errorf("edge.%s: %q is not an absolute path without spaces, as HAProxy's configuration has it", key, path))
		}
	}
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.HasSuffix(c.PublicURL, "/") || u.RawQuery != "" || u.Fragment != "" {
			problems = append(problems, fmt.Errorf("edge.public_url: %q is not an address such as https://api.example.com, without a slash at the end", c.PublicURL))
		}
	}
	return problems
}

// New gives the HAProxy that c names, or nil without one.
func New(c Config, log *slog.Logger) *HAProxy {
	if c.HAProxySocket == "" {
		return nil
	}
	return &HAProxy{
		socket: c.HAProxySocket, dir: filepath.Clean(c.MapDir), log: log.With("haproxy", c.HAProxySocket),
		written: map[string]string{}, seen: map[string]mark{},
	}
}
