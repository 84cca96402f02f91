package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"
	"time"

	"suiftly/internal/backup"
	"suiftly/internal/host"
	"suiftly/internal/jobs"
	"suiftly/internal/pg"
)

func backupVerb(ctx context.Context, args []string, out io.Writer) error {
	const which = "say what: suiftly backup create, list, verify NAME or restore NAME (latest is a NAME too)"
	if len(args) == 0 {
		return wrongUse{errors.New(which)}
	}
	var identityFile string
	names := map[string]int{"create": 0, "list": 0, "verify": 1, "restore": 1}
	want, known := names[args[0]]
	if !known {
		return wrongUse{fmt.Errorf("there is no suiftly backup %s: %s", args[0], which)}
	}
	file, rest, err := flags("backup", args[1:], out, func(f *flag.FlagSet) {
		if want == 1 {
			f.StringVar(&identityFile, "identity", "", "`FILE` with the age identity that opens an encrypted backup (backup.identity_file when left out)")
		}
	})
	if err != nil {
		return err
	}
	if len(rest) != want {
		return wrongUse{errors.New(which)}
	}
	s, err := load(file)
	if err != nil {
		return err
	}
	vault, err := backup.Open(s.Backup, version)
	if err != nil {
		return err
	}
	if vault == nil {
		return errors.New("backup.to is not set: name a folder or s3://bucket/prefix in the configuration")
	}
	if args[0] == "list" {
		return listBackups(ctx, vault, out)
	}
	if identityFile == "" {
		identityFile = s.Backup.IdentityFile
	}
	identities, err := backup.Identities(identityFile)
	if err != nil {
		return err
	}
	st, err := openStore(ctx, &s, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.close()) }()
	if args[0] == "create" {
		made, err := vault.Create(ctx, st.url, backup.NameAt(time.Now()), time.Now)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s: %d bytes in %s\n", made.Name, made.Bytes, made.Took)
		return err
	}
	b, err := vault.Find(ctx, rest[0])
	if err != nil {
		return err
	}
	if args[0] == "verify" {
		if err := vault.Verify(ctx, b, st.url, identities, func(ctx context.Context, url string) error { return sound(ctx, s, url, out) }); err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s can be restored, and is right\n", b.Name)
		return err
	}
	if err := vault.Restore(ctx, b, st.url, identities); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s is restored, as of %s. Next: suiftly migrate up, suiftly doctor, then suiftly serve\n", b.Name, b.TakenAt.Format(time.RFC3339))
	return err
}

func listBackups(ctx context.Context, vault *backup.Vault, out io.Writer) error {
	all, err := vault.List(ctx)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		_, err := fmt.Fprintln(out, "no backups yet: suiftly backup create makes one, and suiftly serve one each night")
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tTAKEN\tBYTES\tTOOK\tENCRYPTED\tBY")
	for _, b := range all {
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%t\t%s\n", b.Name, b.TakenAt.Format(time.RFC3339), b.Bytes, b.Took, b.Encrypted, b.Version)
	}
	return table.Flush()
}

// sound opens every room on a restored database and asks for every invariant.
func sound(ctx context.Context, s settings, url string, out io.Writer) (err error) {
	db, err := pg.Open(ctx, url, s.Database.MaxConns)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	s.Auth.SigningKeys, s.Auth.SigningKeyFile = noKey(), ""
	h, err := rooms(host.Kit{DB: db, Log: slog.New(slog.DiscardHandler), Now: time.Now}, s, nil)
	if err != nil {
		return err
	}
	return report(ctx, out, h)
}

// backupJob copies the database each night (UTC), proves that the copy can be restored, and drops those that are too old.
func backupJob(s settings, url string, vault *backup.Vault, log *slog.Logger) jobs.Job {
	return jobs.Job{Name: "ops.backup", Every: 24 * time.Hour, Run: func(ctx context.Context, run jobs.Run) error {
		b, err := vault.Create(ctx, url, backup.NameAt(run.Due), time.Now)
		if err != nil {
			return err
		}
		log.Info("backed up", "name", b.Name, "bytes", b.Bytes, "took", b.Took)
		if s.Backup.Verify {
			identities, err := backup.Identities(s.Backup.IdentityFile)
			if err != nil {
				return err
			}
			if err := vault.Verify(ctx, b, url, identities, func(ctx context.Context, url string) error { return sound(ctx, s, url, io.Discard) }); err != nil {
				return fmt.Errorf("prove the backup: %w", err)
			}
		}
		removed, err := vault.Prune(ctx, run.Due)
		if len(removed) > 0 {
			log.Info("dropped old backups", "files", len(removed))
		}
		return err
	}}
}
