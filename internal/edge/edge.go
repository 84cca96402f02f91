// Package edge keeps the maps of a HAProxy on this host: by its runtime socket at once, and as files for its next start.
package edge

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
)

// Config is the edge section of config.yaml.
type Config struct {
	HAProxySocket string `koanf:"haproxy_socket"`
	MapDir        string `koanf:"map_dir"`
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
