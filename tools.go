package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"time"

	"suiftly/internal/config"
	"suiftly/internal/host"
	"suiftly/internal/pg"
)

// withStore runs a command on the configured database (or the embedded one, started for it) with every room built.
func withStore(ctx context.Context, configFile string, fn func(h house) error) (err error) {
	s, err := load(configFile)
	if err != nil {
		return err
	}
	log := s.Log.logger(os.Stderr)
	st, err := openStore(ctx, &s, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.close()) }()
	pending, err := pg.Pending(ctx, st.db, migrations())
	if err != nil {
		return err
	}
	if pending > 0 {
		return fmt.Errorf("%d migrations are not applied: suiftly migrate up", pending)
	}
	s.Auth.SigningKeys, s.Auth.SigningKeyFile = noKey(), ""
	h, err := rooms(host.Kit{DB: st.db, Log: log, Now: time.Now}, s, nil)
	if err != nil {
		return err
	}
	return fn(h)
}

// noKey stands for the signing keys in a tool, which signs nobody in and needs no replica's secret.
func noKey() []string { return []string{rand.Text() + rand.Text()} }

func migrate(ctx context.Context, args []string, out io.Writer) error {
	file, rest, err := flags("migrate", args, out, nil)
	if err != nil {
		return err
	}
	if len(rest) != 1 || rest[0] != "up" && rest[0] != "status" {
		return wrongUse{errors.New("say what: suiftly migrate up, or suiftly migrate status")}
	}
	s, err := load(file)
	if err != nil {
		return err
	}
	st, err := openStore(ctx, &s, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.close()) }()
	if rest[0] == "up" {
		if err := pg.Migrate(ctx, st.url, migrations()); err != nil {
			return err
		}
	}
	pending, err := pg.Pending(ctx, st.db, migrations())
	if err != nil {
		return err
	}
	if pending > 0 {
		return fmt.Errorf("%d migrations are not applied: suiftly migrate up applies them", pending)
	}
	_, err = fmt.Fprintln(out, "the database is at this version")
	return err
}

func billingVerb(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return wrongUse{errors.New("say what: suiftly billing run --once, or suiftly billing check")}
	}
	var once bool
	var at string
	file, rest, err := flags("billing", args[1:], out, func(f *flag.FlagSet) {
		if args[0] == "run" {
			f.BoolVar(&once, "once", false, "run now, in this process (the worker runs hourly by itself)")
			f.StringVar(&at, "at", "", "the `TIME` the run stands for, RFC 3339; now when left out")
		}
	})
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return wrongUse{fmt.Errorf("unexpected argument %q", rest[0])}
	}
	switch args[0] {
	case "run":
		if !once {
			return wrongUse{errors.New("add --once: the hourly run belongs to suiftly serve")}
		}
		when := time.Now()
		if at != "" {
			if when, err = time.Parse(time.RFC3339, at); err != nil {
				return wrongUse{fmt.Errorf("--at %q is not a time such as 2026-11-24T10:00:00Z", at)}
			}
			if when.After(time.Now().Add(5 * time.Minute)) {
				return wrongUse{fmt.Errorf("--at %s is in the future", at)}
			}
		}
		return withStore(ctx, file, func(h house) error {
			result, err := h.billing.RunOnce(ctx, when)
			if err == nil {
				_, err = fmt.Fprintf(out, "run %d: %s. %d customers billed, %d parked; %d hours, %d charges, $%s\n", result.ID, result.State,
					result.Customers, result.Parked, result.Hours, result.Charges, result.Amount)
			}
			return err
		})
	case "check":
		return withStore(ctx, file, func(h house) error { return report(ctx, out, h) })
	}
	return wrongUse{fmt.Errorf("there is no suiftly billing %s: run, check", args[0])}
}

func showConfig(_ context.Context, args []string, out io.Writer) error {
	var example bool
	file, rest, err := flags("config", args, out, func(f *flag.FlagSet) {
		f.BoolVar(&example, "example", false, "print the documented example: every key with its default")
	})
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return wrongUse{fmt.Errorf("unexpected argument %q", rest[0])}
	}
	if example {
		_, err := io.WriteString(out, exampleConfig)
		return err
	}
	s, err := load(file)
	if err != nil {
		return err
	}
	shown, err := config.Show(s)
	if err != nil {
		return err
	}
	_, err = out.Write(shown)
	return err
}

func doctor(ctx context.Context, args []string, out io.Writer) error {
	file, rest, err := flags("doctor", args, out, nil)
	if err != nil {
		return err
	}
	if len(rest) > 0 && rest[0] == "verify-signature" {
		return verifySignature(ctx, file, rest[1:], out)
	}
	if len(rest) > 0 {
		return wrongUse{fmt.Errorf("unexpected argument %q", rest[0])}
	}
	return withStore(ctx, file, func(h house) error {
		return report(ctx, out, h)
	})
}

// verifySignature checks one piece of evidence again, trusting nothing but the signature.
func verifySignature(ctx context.Context, file string, args []string, out io.Writer) error {
	if len(args) != 1 {
		return wrongUse{errors.New("say which: suiftly doctor verify-signature ID")}
	}
	id, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil || id < 1 {
		return wrongUse{fmt.Errorf("%q is not the number of a piece of evidence", args[0])}
	}
	return withStore(ctx, file, func(h house) error {
		e, err := h.auth.Evidence(ctx, id)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "evidence:  %d\ncustomer:  %d\naddress:   %s\npurpose:   %s\napproved:  %s\nscheme:    %s\nsignature: %s\n\n%s\n\n",
			e.ID, e.Customer, e.Address, e.Purpose, e.ApprovedAt.UTC().Format(time.RFC3339), e.Scheme, e.Signature, e.Message)
		proofLeft, err := e.Verify()
		switch {
		case err != nil:
			return fmt.Errorf("evidence %d does not hold: %w", id, err)
		case proofLeft:
			_, err = fmt.Fprintln(out, "the address and the ephemeral key are right; that the zkLogin proof was right is what the network said then")
		default:
			_, err = fmt.Fprintln(out, "the signature is the address's, over exactly this text")
		}
		return err
	})
}

// report prints every broken invariant of the rooms; one is enough to fail.
func report(ctx context.Context, out io.Writer, h house) error {
	broken := 0
	for _, room := range []struct {
		name  string
		check func(context.Context) ([]string, error)
	}{{"wallet", h.wallet.Check}, {"logs", h.logs.Check}, {"billing", h.billing.Check}} {
		found, err := room.check(ctx)
		if err != nil {
			return fmt.Errorf("check %s: %w", room.name, err)
		}
		for _, sentence := range found {
			fmt.Fprintf(out, "%s: %s\n", room.name, sentence)
		}
		if len(found) == 0 {
			fmt.Fprintf(out, "%s: every invariant holds\n", room.name)
		}
		broken += len(found)
	}
	spools, err := h.logs.Spools()
	if err != nil {
		return err
	}
	for _, sentence := range spools {
		fmt.Fprintf(out, "logs: %s\n", sentence)
	}
	if broken > 0 {
		return fmt.Errorf("%d invariants are broken: stop the billing worker and look into it before the next run", broken)
	}
	return nil
}
