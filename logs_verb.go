package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"suiftly/modules/logs"
)

func logsVerb(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return wrongUse{errors.New("say what: suiftly logs import FILE")}
	}
	var dryRun bool
	file, files, err := flags("logs", args[1:], out, func(f *flag.FlagSet) {
		if args[0] == "import" {
			f.BoolVar(&dryRun, "dry-run", false, "read everything and tell what would come of it; write nothing")
		}
	})
	if err != nil {
		return err
	}
	if args[0] != "import" {
		return wrongUse{fmt.Errorf("there is no suiftly logs %s", args[0])}
	}
	if len(files) == 0 {
		return wrongUse{errors.New("name the files: suiftly logs import FILE [FILE]")}
	}
	return withStore(ctx, file, func(h house) error {
		bar := progressBar{out: out, began: time.Now()}
		options := logs.ImportOptions{DryRun: dryRun}
		if terminal(out) {
			options.Progress = bar.show
		}
		done, err := h.logs.Import(ctx, files, options)
		bar.clear()
		for _, d := range done {
			tellImported(out, d, dryRun)
		}
		if err != nil {
			return fmt.Errorf("%w\nwhat is told above is committed; the same command goes on from there", err)
		}
		return nil
	})
}

func tellImported(out io.Writer, d logs.Imported, dryRun bool) {
	fmt.Fprintf(out, "%s: %d lines", d.File, d.Lines)
	if dryRun {
		fmt.Fprint(out, " (dry run, nothing is written)")
	}
	for _, part := range []struct {
		n    int64
		name string
	}{
		{d.Stored, "stored"}, {d.Duplicates, "duplicate"}, {d.Rejected, "rejected"}, {d.Quarantined, "quarantined"},
		{d.AlreadyRecorded, "already recorded"},
	} {
		fmt.Fprintf(out, ", %d %s", part.n, part.name)
	}
	if d.Unattributed > 0 {
		fmt.Fprintf(out, "; %d of the stored belong to no known customer", d.Unattributed)
	}
	fmt.Fprintln(out)
	for _, reason := range slices.Sorted(maps.Keys(d.Reasons)) {
		fmt.Fprintf(out, "  rejected as %q: %d\n", reason, d.Reasons[reason])
	}
	if !d.First.IsZero() {
		fmt.Fprintf(out, "  from %s to %s\n", d.First.Format(time.RFC3339), d.Last.Format(time.RFC3339))
	}
}

// progressBar is one line of a terminal, written over and over.
type progressBar struct {
	out   io.Writer
	began time.Time
	shown time.Time
	file  string
}

const barCells = 24

func (b *progressBar) show(p logs.ImportProgress) {
	now := time.Now()
	if p.Total == 0 || p.File != b.file { // reading it for the first time, or another file
		b.began, b.file = now, p.File
	}
	if now.Sub(b.shown) < 100*time.Millisecond {
		return
	}
	b.shown = now
	if p.Total == 0 {
		fmt.Fprintf(b.out, "\r\x1b[K%s: reading, %d lines", p.File, p.Lines)
		return
	}
	part := float64(p.Done) / float64(p.Total)
	took := now.Sub(b.began)
	left := time.Duration(float64(took) * (1 - part) / max(part, 1e-6)).Round(time.Second)
	full := min(int(part*barCells), barCells)
	fmt.Fprintf(b.out, "\r\x1b[K%s [%s%s] %3.0f %%  %d lines  %.0f lines/s  %s left", p.File, strings.Repeat("#", full), strings.Repeat(".", barCells-full),
		part*100, p.Lines, float64(p.Lines)/max(took.Seconds(), 1e-3), left)
}

func (b *progressBar) clear() {
	if !b.shown.IsZero() {
		fmt.Fprint(b.out, "\r\x1b[K")
	}
}
