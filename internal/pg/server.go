package pg

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// server is an installed Postgres.
type server struct {
	bin   string // folder of postgres and initdb
	major int
}

func (s server) path(program string) string { return filepath.Join(s.bin, program) }

// binFolders are the places where distributions install servers outside PATH.
var binFolders = []string{
	"/usr/lib/postgresql/*/bin", // Debian, Ubuntu
	"/usr/pgsql-*/bin",          // PGDG on Red Hat
	"/usr/libexec/postgresql*",  // Alpine
	"/usr/local/pgsql/bin",
	"/opt/homebrew/opt/postgresql@*/bin",
}

// pickServer chooses the Postgres for f: the one that wrote its cluster, or the newest for a new one.
func pickServer(f *folder) (server, error) {
	all := installed(f)
	if len(all) == 0 {
		return server{}, fmt.Errorf("no Postgres server (%d or newer) is installed here: run `apt-get install -y postgresql`, or set database.url to a server elsewhere", minMajor)
	}
	if f.major == 0 {
		return all[0], nil
	}
	var have []string
	for _, s := range all {
		if s.major == f.major {
			return s, nil
		}
		have = append(have, strconv.Itoa(s.major))
	}
	return server{}, fmt.Errorf("%s was written by Postgres %d, but %s is installed: run `apt-get install -y postgresql-%d`, or dump and restore it with that version; nothing was changed",
		f.data, f.major, strings.Join(have, " and "), f.major)
}

// installed lists the servers that f's account can run, newest first.
func installed(f *folder) []server {
	var dirs []string
	if p, err := exec.LookPath("postgres"); err == nil {
		dirs = append(dirs, p)
	}
	for _, pattern := range binFolders {
		found, _ := filepath.Glob(filepath.Join(pattern, "postgres"))
		dirs = append(dirs, found...)
	}
	var all []server
	seen := map[string]bool{}
	for _, p := range dirs {
		// PATH often holds links; initdb stands beside the real file.
		real, err := filepath.EvalSymlinks(p)
		bin := filepath.Dir(real)
		if err != nil || seen[bin] {
			continue
		}
		seen[bin] = true
		if _, err := os.Stat(filepath.Join(bin, "initdb")); err != nil {
			continue
		}
		if major := version(f, real); major >= minMajor {
			all = append(all, server{bin: bin, major: major})
		}
	}
	slices.SortStableFunc(all, func(a, b server) int { return b.major - a.major })
	return all
}

var versionLine = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// version asks the program, as the account that will run it; 0 when that account cannot.
func version(f *folder, postgres string) int {
	cmd, release, err := f.command(postgres)
	if err != nil {
		return 0
	}
	defer release()
	cmd.Args = append(cmd.Args, "--version")
	out, err := cmd.Output()
	if m := versionLine.FindSubmatch(out); err == nil && m != nil {
		major, _ := strconv.Atoi(string(m[1]))
		return major
	}
	return 0
}
