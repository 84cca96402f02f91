// Package edge keeps the maps of a HAProxy on this host: by its runtime socket at once, and as files for its next start.
package edge

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Config is the edge section of config.yaml.
type Config struct {
	HAProxySocket string `koanf:"haproxy_socket"`
	MapDir        string `koanf:"map_dir"`
	PublicURL     string `koanf:"public_url"` // where customers send their requests; only told, never used
	// Agents are the HAProxy hosts that run `suiftly edge`, known by their tokens.
	Agents []Agent `koanf:"agents"`
}

// Agent is one HAProxy host that runs `suiftly edge`.
type Agent struct {
	Name        string `koanf:"name"`
	TokenSHA256 string `koanf:"token_sha256"` // hex, of a random token that the host keeps
}

var agentName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// Agent tells whose token it is.
func (c Config) Agent(token string) (name string, ok bool) {
	sum := sha256.Sum256([]byte(token))
	for _, a := range c.Agents {
		want, err := hex.DecodeString(a.TokenSHA256)
		if err == nil && subtle.ConstantTimeCompare(sum[:], want) == 1 {
			name, ok = a.Name, true
		}
	}
	return name, ok
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
	names, tokens := map[string]bool{}, map[string]bool{}
	for i, a := range c.Agents {
		if !agentName.MatchString(a.Name) || names[a.Name] {
			problems = append(problems, fmt.Errorf("edge.agents[%d].name: %q is not a name of its own of at most 32 of a-z, 0-9 and -", i, a.Name))
		}
		digest, err := hex.DecodeString(a.TokenSHA256)
		token := string(digest)
		if err != nil || len(digest) != sha256.Size || tokens[token] || token == emptyDigest {
			problems = append(problems, fmt.Errorf("edge.agents[%d].token_sha256: not the SHA-256 of a token of its own, as 64 hex digits (see `sha256sum`)", i))
		}
		names[a.Name], tokens[token] = true, true
	}
	return problems
}

// emptyDigest is the SHA-256 of nothing: what a hash command gives when the token was forgotten. Nobody has no token.
var emptyDigest = func() string { sum := sha256.Sum256(nil); return string(sum[:]) }()

// New gives the HAProxy that c names, or nil without one.
func New(c Config, log *slog.Logger) *HAProxy {
	if c.HAProxySocket == "" {
		return nil
	}
	host, _ := os.Hostname()
	return &HAProxy{
		name:   host + ":" + c.HAProxySocket,
		socket: c.HAProxySocket, dir: filepath.Clean(c.MapDir), log: log.With("haproxy", c.HAProxySocket),
		written: map[string]string{}, seen: map[string]mark{},
	}
}
