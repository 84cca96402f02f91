// Suiftly turns HAProxy-fronted API services into a product: sign-in with a Sui wallet, configuration with a live price,
// API keys, prepaid billing by the request. This file is the map: the verbs, the settings and the rooms.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"suiftly/internal/backup"
	"suiftly/internal/config"
	"suiftly/internal/edge"
	"suiftly/internal/host"
	"suiftly/internal/mail"
	"suiftly/internal/outbox"
	"suiftly/internal/web"
	"suiftly/modules/auth"
	"suiftly/modules/billing"
	"suiftly/modules/logs"
	"suiftly/modules/services"
	"suiftly/modules/wallet"
)

// version is set by the release build: -ldflags "-X main.version=v1.2.3".
var version = "dev"

// verb is one command.
type verb struct {
	name, use string
	run       func(ctx context.Context, args []string, out io.Writer) error
}

func verbs() []verb {
	return []verb{
		{"serve", "run one replica: dashboard, API, log intake, billing worker, edge agent", serve},
		{"demo", "run everything on loopback with traffic and a test wallet; touches nothing of yours", demo},
		{"migrate", "up | status: bring the database to this version, or show what is missing", migrate},
		{"billing", "run --once [--at TIME] | check: charge what is metered, or prove what was charged", billingVerb},
		{"logs", "import [--dry-run] FILE...: take in log files, plain, gzip or zstd; killed, it goes on where it was", logsVerb},
		{"doctor", "[verify-signature ID]: check the configuration, the database and every invariant of metering and money, or what a customer signed", doctor},
		{"backup", "create | list | verify NAME | restore NAME: copies of the database in a folder or an S3 bucket", backupVerb},
		{"config", "[--example]: check the configuration and show it, or print the documented example", showConfig},
		{"openapi", "print the API's description (OpenAPI 3.1)", openAPI},
		{"healthcheck", "[URL]: exit 0 when a replica is ready", healthcheck},
		{"version", "print the version", func(_ context.Context, _ []string, out io.Writer) error {
			_, err := fmt.Fprintln(out, version)
			return err
		}},
	}
}

// settings is config.yaml: one section for each pipe that has one and for each room.
type settings struct {
	Database database        `koanf:"database"`
	Log      logging         `koanf:"log"`
	Backup   backup.Config   `koanf:"backup"`
	Mail     mail.Config     `koanf:"mail"`
	Web      web.Config      `koanf:"web"`
	Edge     edge.Config     `koanf:"edge"`
	Auth     auth.Config     `koanf:"auth"`
	Services services.Config `koanf:"services"`
	Wallet   wallet.Config   `koanf:"wallet"`
	Logs     logs.Config     `koanf:"logs"`
	Billing  billing.Config  `koanf:"billing"`
}

func defaults() settings {
	return settings{
		Database: database{DataDir: "suiftly-data", MaxConns: 8, MigrateOnStart: true},
		Log:      logging{Level: "info", Format: "text"},
		Backup:   backup.DefaultConfig(), Mail: mail.DefaultConfig(), Web: web.DefaultConfig(), Edge: edge.DefaultConfig(), Auth: auth.DefaultConfig(), Services: services.DefaultConfig(),
		Wallet: wallet.DefaultConfig(), Logs: logs.DefaultConfig(), Billing: billing.DefaultConfig(),
	}
}

func (s settings) validate() error {
	var problems []error
	for _, section := range []interface{ Validate() []error }{s.Database, s.Log, s.Backup, s.Mail, s.Web, s.Edge, s.Auth, s.Services, s.Wallet, s.Logs, s.Billing} {
		problems = append(problems, section.Validate()...)
	}
	return errors.Join(problems...)
}

// house is every room, built in the order of dependence: read it as the map.
type house struct {
	auth     *auth.Module
	services *services.Module
	wallet   *wallet.Module
	logs     *logs.Module
	billing  *billing.Module
	outbox   *outbox.Outbox
}

func rooms(kit host.Kit, s settings, haproxy *edge.HAProxy) (house, error) {
	door, err := auth.New(kit, s.Auth, s.Web.Origin())
	if err != nil {
		return house{}, err
	}
	h := house{auth: door, services: services.New(kit, s.Services, haproxy), wallet: wallet.New(kit, s.Wallet), logs: logs.New(kit, s.Logs)}
	h.billing = billing.New(kit, s.Billing, h.services, h.wallet, h.logs)
	// Where a lower room tells or asks a higher or a sibling one, it has a func field, set here once.
	h.auth.OnCustomer = h.wallet.Welcome
	h.auth.OnClose = []auth.Closing{{Facts: h.wallet.ClosingFacts, Close: h.wallet.Close}, {Close: h.services.Close}}
	h.auth.Exports = []auth.ExportPart{
		{Name: "services", Read: h.services.Export}, {Name: "wallet", Read: h.wallet.Export},
		{Name: "logs", Read: h.logs.Export}, {Name: "billing", Read: h.billing.Export},
	}
	h.logs.Known = h.auth.Known
	h.services.Used = h.logs.Used
	h.outbox = outbox.New(kit.DB, kit.Log, kit.Now)
	if s.Mail.On() {
		h.auth.SendMail = mail.New(s.Mail).Send
		h.outbox.Handle(auth.EmailLinkKind, h.auth.SendEmailLink)
	}
	return h, nil
}

func (h house) modules() []host.Module {
	return []host.Module{h.auth, h.services, h.wallet, h.logs, h.billing}
}

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process: it gives the exit code, 2 for wrong use.
func run(ctx context.Context, args []string, out, problems io.Writer) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage(out)
		return 0
	}
	for _, v := range verbs() {
		if v.name != args[0] {
			continue
		}
		err := v.run(ctx, args[1:], out)
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		if err != nil {
			fmt.Fprintf(problems, "suiftly %s: %s\n", v.name, strings.ReplaceAll(err.Error(), "\n", "\n  "))
			if errors.As(err, new(wrongUse)) {
				return 2
			}
			return 1
		}
		return 0
	}
	fmt.Fprintf(problems, "suiftly: there is no command %q\n\n", args[0])
	usage(problems)
	return 2
}

func usage(w io.Writer) {
	fmt.Fprintf(w, "Suiftly %s: API services behind HAProxy, sold by the request.\n\nusage: suiftly COMMAND [--config FILE] [flags]\n\n", version)
	for _, v := range verbs() {
		fmt.Fprintf(w, "  %-12s %s\n", v.name, v.use)
	}
	fmt.Fprintf(w, "\nWithout --config, suiftly.yaml in the current folder is read when it is there; the environment (%sSECTION__KEY) wins over it.\n", config.Prefix)
}

// wrongUse is a mistake in how a command was called.
type wrongUse struct{ error }

// flags gives a command's flag set, with --config on it, that reports mistakes as errors.
func flags(name string, args []string, out io.Writer, more func(*flag.FlagSet)) (configFile string, rest []string, err error) {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	var told strings.Builder
	f.SetOutput(&told)
	f.StringVar(&configFile, "config", "", "`FILE` with the configuration")
	if more != nil {
		more(f)
	}
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(out, told.String())
			return "", nil, err
		}
		return "", nil, wrongUse{fmt.Errorf("%w (suiftly %s --help lists the flags)", err, name)}
	}
	return configFile, f.Args(), nil
}

// load reads and checks the configuration.
func load(configFile string) (settings, error) {
	if configFile == "" {
		if _, err := os.Stat("suiftly.yaml"); err == nil {
			configFile = "suiftly.yaml"
		}
	}
	s := defaults()
	err := config.Load(&s, configFile, os.Environ())
	if err == nil {
		err = s.validate()
	}
	if err != nil {
		return s, fmt.Errorf("the configuration has mistakes:\n%w", config.Located(configFile, err))
	}
	return s, nil
}
