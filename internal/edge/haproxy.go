package edge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// ErrNoMap is a map that the running HAProxy's configuration does not name.
var ErrNoMap = errors.New("haproxy has not loaded this map")

// HAProxy is one running HAProxy, reached by its stats socket at level admin.
type HAProxy struct {
	socket string
	dir    string
	name   string
	log    *slog.Logger

	mu      sync.Mutex
	version string            // the program's, as it last told
	written map[string]string // file name -> content on disk, as far as we wrote it
	seen    map[string]mark   // file name -> what HAProxy held when we last compared
}

// Name tells this HAProxy from every other: <host>:<socket>, whichever replicas on the host keep its maps.
func (h *HAProxy) Name() string { return h.name }

// Version is the program's own version, once a Sync reached it.
func (h *HAProxy) Version() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.version
}

// mark changes whenever HAProxy's copy of a map may have changed: another process (a restart, a reload), another committed
// version (somebody else applied), another number of entries. While it stands still one cheap question is enough.
type mark struct {
	process string // pid and start time
	version int64
	entries int64
	content string // what we compared with
}

// Sync makes the files in the map directory and the running HAProxy hold these maps: file name -> lines of "key value",
// each ended by a newline, in any order. HAProxy switches from the old map to the new one in one step. What is already
// right is left alone, so calling it often is cheap; calling it after HAProxy restarted repairs what the restart lost.
func (h *HAProxy) Sync(ctx context.Context, files map[string]string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	names := slices.Sorted(maps.Keys(files))
	var problems []error
	for _, name := range names {
		if err := checkLines(files[name]); err != nil {
			return fmt.Errorf("map %s: %w", name, err)
		}
		// A full disk must not keep a revoked key alive in the running HAProxy: go on and report both.
		if err := h.write(name, files[name]); err != nil {
			problems = append(problems, fmt.Errorf("write map %s: %w", name, err))
		}
	}
	process, loaded, err := h.look(ctx)
	if err != nil {
		return errors.Join(append(problems, err)...)
	}
	for _, name := range names {
		if err := h.sync(ctx, name, files[name], process, loaded); err != nil {
			problems = append(problems, fmt.Errorf("map %s: %w", name, err))
		}
	}
	return errors.Join(problems...)
}

func (h *HAProxy) sync(ctx context.Context, name, content, process string, loaded map[string]mark) error {
	path := filepath.Join(h.dir, name)
	now, ok := loaded[path]
	if !ok {
		return fmt.Errorf("%w: %s (it has: %s)", ErrNoMap, path, strings.Join(slices.Sorted(maps.Keys(loaded)), " "))
	}
	seen := h.seen[name]
	now.process, now.content = process, seen.content
	same := seen.content == content
	if now == seen && same {
		return nil
	}
	if now != seen { // somebody else was there: a start, a reload, another replica
		current, err := h.do(ctx, "show map "+path, "")
		if err != nil {
			return err
		}
		same = sameLines(content, current)
	}
	now.content = content
	if !same {
		var err error
		if now.version, err = h.replace(ctx, path, content); err != nil {
			return err
		}
		// HAProxy counts an entry once for each way it searches a map, and drops it once: what it counts now is not known. The
		// next Sync compares, and so proves what was written.
		now.entries = -1
		h.log.Info("haproxy has a new map", "map", name, "entries", strings.Count(content, "\n"))
	}
	h.seen[name] = now
	return nil
}

// replace fills a new version of the map beside the current one, then commits it.
func (h *HAProxy) replace(ctx context.Context, path, content string) (int64, error) {
	answer, err := h.do(ctx, "prepare map "+path, "")
	if err != nil {
		return 0, err
	}
	_, text, _ := strings.Cut(answer, "New version created:")
	version, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("haproxy, prepare map: %s", firstLine(answer))
	}
	at := fmt.Sprintf("map @%d %s", version, path)
	for part := range payloads(content) {
		if err := h.must(ctx, "add "+at, part); err != nil {
			// The half-filled version would stay in HAProxy's memory until the next commit.
			_ = h.must(context.WithoutCancel(ctx), "clear "+at, "")
			return 0, err
		}
	}
	return version, h.must(ctx, "commit "+at, "")
}

// payloads cuts content at line ends into parts that fit HAProxy's buffer.
func payloads(content string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for len(content) > 0 {
			part := content
			if len(part) > maxPayload {
				part = part[:strings.LastIndexByte(part[:maxPayload], '\n')+1]
			}
			content = content[len(part):]
			if !yield(part) {
				return
			}
		}
	}
}

var (
	infoLine    = regexp.MustCompile(`(?m)^(Pid|Start_time_sec): *(\d+)$`)
	versionLine = regexp.MustCompile(`(?m)^Version: *(\S+)`)
	mapLine     = regexp.MustCompile(`(?m)^\d+ \((.+?)\) .*curr_ver=(\d+) next_ver=\d+ entry_cnt=(\d+)$`)
)

// look asks which process answers and what maps it has, in one question.
func (h *HAProxy) look(ctx context.Context) (process string, loaded map[string]mark, err error) {
	answer, err := h.do(ctx, "show info; show map", "")
	if err != nil {
		return "", nil, err
	}
	for _, m := range infoLine.FindAllStringSubmatch(answer, -1) {
		process += m[2] + " "
	}
	if process == "" {
		return "", nil, fmt.Errorf("haproxy, show info: %s", firstLine(answer))
	}
	if m := versionLine.FindStringSubmatch(answer); m != nil {
		h.version = m[1]
	}
	loaded = map[string]mark{}
	for _, m := range mapLine.FindAllStringSubmatch(answer, -1) {
		version, _ := strconv.ParseInt(m[2], 10, 64)
		entries, _ := strconv.ParseInt(m[3], 10, 64)
		loaded[m[1]] = mark{version: version, entries: entries}
	}
	return process, loaded, nil
}

// Read gives what the running HAProxy holds in a map, as sorted lines of "key value".
func (h *HAProxy) Read(ctx context.Context, name string) ([]string, error) {
	answer, err := h.do(ctx, "show map "+filepath.Join(h.dir, name), "")
	if err != nil {
		return nil, err
	}
	return shownLines(answer), nil
}

func sameLines(content, shown string) bool {
	want := strings.Split(strings.TrimSuffix(content, "\n"), "\n")
	if content == "" {
		want = nil
	}
	slices.Sort(want)
	return slices.Equal(want, shownLines(shown))
}

// shownLines strips the pointer that "show map" puts before each entry.
func shownLines(answer string) (lines []string) {
	for line := range strings.Lines(answer) {
		if _, entry, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " "); ok && strings.HasPrefix(line, "0x") {
			lines = append(lines, entry)
		}
	}
	slices.Sort(lines)
	return lines
}

// checkLines refuses what would end a payload early or smuggle a command into it.
func checkLines(content string) error {
	if content != "" && !strings.HasSuffix(content, "\n") {
		return errors.New("the last line does not end")
	}
	for line := range strings.Lines(content) {
		line = strings.TrimSuffix(line, "\n")
		key, value, ok := strings.Cut(line, " ")
		if !ok || key == "" || value == "" || len(line) >= maxPayload {
			return fmt.Errorf("%.40q is not a key, a space and a value", line)
		}
		if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }) || strings.HasPrefix(key, "#") {
			return fmt.Errorf("%.40q has a control character or begins a comment", line)
		}
	}
	return nil
}
