package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"path"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// asset is one file of the dashboard with its precompressed twins, held in memory.
type asset struct {
	plain, br, gz []byte
	mime, etag    string
	immutable     bool // its name carries a hash of its content
}

const notBuilt = `<!doctype html><meta charset="utf-8"><title>Suiftly</title>
<h1>The dashboard is not built into this binary</h1><p>Run <code>make build</code>, which builds the dashboard first. The API works: see <a href="/api/openapi.json">/api/openapi.json</a>.</p>
`

// dashboard serves the single-page app: hashed assets for ever, the page itself never from a cache, and the page for every
// path that looks like one of its routes. devWallet, a script, is for `suiftly demo` and tests only: it is added to the page.
func (s *Server) dashboard(dist fs.FS, devWallet []byte) error {
	assets := map[string]*asset{}
	err := fs.WalkDir(dist, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir() || strings.HasPrefix(d.Name(), "."):
			return nil
		}
		content, err := fs.ReadFile(dist, name)
		if err != nil {
			return err
		}
		plain, isBr := strings.CutSuffix(name, ".br")
		plain, isGz := strings.CutSuffix(plain, ".gz")
		a := assets["/"+plain]
		if a == nil {
			a = &asset{}
			assets["/"+plain] = a
		}
		switch {
		case isBr:
			a.br = content
		case isGz:
			a.gz = content
		default:
			a.plain = content
			sum := sha256.Sum256(content)
			a.etag = `"` + hex.EncodeToString(sum[:12]) + `"`
			a.mime = mime.TypeByExtension(path.Ext(plain))
			a.immutable = strings.HasPrefix(plain, "assets/")
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the dashboard's files: %w", err)
	}
	index := assets["/index.html"]
	if index == nil {
		index = &asset{plain: []byte(notBuilt), mime: "text/html; charset=utf-8"}
	}
	if devWallet != nil {
		script := &asset{plain: devWallet, mime: "text/javascript; charset=utf-8"}
		assets["/dev-wallet.js"] = script
		head := []byte("</head>")
		if !bytes.Contains(index.plain, head) {
			return errors.New("the dashboard is not built: a demo needs it (make build)")
		}
		index = &asset{plain: bytes.Replace(index.plain, head, []byte(`<script src="/dev-wallet.js"></script></head>`), 1), mime: index.mime}
	}
	delete(assets, "/index.html")
	s.app.Use(func(c *fiber.Ctx) error {
		if m := c.Method(); m != fiber.MethodGet && m != fiber.MethodHead {
			return s.writeError(c, errNoRoute)
		}
		if a := assets[c.Path()]; a != nil {
			return a.send(c)
		}
		if path.Ext(c.Path()) != "" {
			return s.writeError(c, errNoRoute)
		}
		return index.send(c)
	})
	return nil
}

func (a *asset) send(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, a.mime)
	if a.immutable {
		c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	} else {
		c.Set(fiber.HeaderCacheControl, "no-cache")
	}
	if a.etag != "" {
		c.Set(fiber.HeaderETag, a.etag)
		if c.Get(fiber.HeaderIfNoneMatch) == a.etag {
			return c.SendStatus(fiber.StatusNotModified)
		}
	}
	if a.br == nil && a.gz == nil {
		return c.Send(a.plain)
	}
	c.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	accepted := c.Get(fiber.HeaderAcceptEncoding)
	switch {
	case a.br != nil && accepts(accepted, "br"):
		c.Set(fiber.HeaderContentEncoding, "br")
		return c.Send(a.br)
	case a.gz != nil && accepts(accepted, "gzip"):
		c.Set(fiber.HeaderContentEncoding, "gzip")
		return c.Send(a.gz)
	}
	return c.Send(a.plain)
}

// accepts reads Accept-Encoding (RFC 9110 section 12.5.3) as far as "is this coding named and not refused".
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(name) == coding {
			q = strings.ReplaceAll(q, " ", "")
			return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
		}
	}
	return false
}
