package logs

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// fingerprintBytes are the first bytes of a file that tell it from others: a log line has its time in them.
const fingerprintBytes = 1024

// fingerprint hashes up to most of the first bytes.
func fingerprint(file *os.File, most int) (sum []byte, n int, err error) {
	start := make([]byte, most)
	if n, err = file.ReadAt(start, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, err
	}
	hash := sha256.Sum256(start[:n])
	return hash[:], n, nil
}

// begins reports whether a file begins with what was read.
func (p tailPlace) begins(file *os.File) bool {
	if p.FirstBytes == 0 {
		return true
	}
	sum, n, err := fingerprint(file, p.FirstBytes)
	return err == nil && n == p.FirstBytes && bytes.Equal(sum, p.Fingerprint)
}

func identityOf(st os.FileInfo) (device, inode int64) {
	if s, ok := st.Sys().(*syscall.Stat_t); ok {
		return int64(s.Dev), int64(s.Ino)
	}
	return 0, 0
}

// rotatedName is what logrotate and its like put behind a name: .1, -20261124, .2026-11-24_10, .old. Compressed files are not
// followed; suiftly logs import reads those.
var rotatedName = regexp.MustCompile(`^[.-](\d[\d._T:-]*|old)$`)

// rotations gives the file's rotated ones, oldest first, and the path last.
func (t *tail) rotations() ([]string, error) {
	found, err := filepath.Glob(escapeGlob(t.path) + "*")
	if err != nil {
		return nil, err
	}
	type rotated struct {
		path string
		at   time.Time
	}
	var all []rotated
	for _, path := range found {
		if !rotatedName.MatchString(strings.TrimPrefix(path, t.path)) {
			continue
		}
		if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() {
			all = append(all, rotated{path, st.ModTime()})
		}
	}
	slices.SortFunc(all, func(a, b rotated) int {
		return cmp.Or(a.at.Compare(b.at), -strings.Compare(a.path, b.path)) // .2 was written before .1
	})
	paths := make([]string, 0, len(all)+1)
	for _, r := range all {
		paths = append(paths, r.path)
	}
	return append(paths, t.path), nil
}

func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
