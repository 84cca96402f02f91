package backup

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"
)

// Config is the backup section of config.yaml.
type Config struct {
	To           string   `koanf:"to"`
	KeepDays     int      `koanf:"keep_days"`
	EncryptTo    []string `koanf:"encrypt_to"` // age recipients: age1...
	Verify       bool     `koanf:"verify"`
	IdentityFile string   `koanf:"identity_file"`
	S3           S3       `koanf:"s3"`
}

// S3 is where and as whom s3://bucket is reached.
type S3 struct {
	Endpoint  string `koanf:"endpoint"`
	Region    string `koanf:"region"`
	AccessKey string `koanf:"access_key"`
	SecretKey string `koanf:"secret_key" secret:"true"`
}

// DefaultConfig makes no backups: only the operator knows a place outside of this machine.
func DefaultConfig() Config {
	return Config{KeepDays: 30, Verify: true, S3: S3{Region: "auto"}}
}

// Validate gives every problem of the section.
func (c Config) Validate() (problems []error) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if c.KeepDays < 1 || c.KeepDays > 3650 {
		bad("backup.keep_days: %d is not between 1 and 3650", c.KeepDays)
	}
	for i, r := range c.EncryptTo {
		if _, err := age.ParseX25519Recipient(r); err != nil {
			bad("backup.encrypt_to[%d]: %q is not an age recipient (age1..., the public half that age-keygen prints)", i, r)
		}
	}
	to, err := url.Parse(c.To)
	switch {
	case c.To == "" || filepath.IsAbs(c.To):
		return problems
	case err != nil || to.Scheme != "s3" || to.Host == "" || to.RawQuery != "" || to.User != nil:
		bad("backup.to: %q is neither an absolute path nor s3://bucket/prefix", c.To)
		return problems
	}
	if e, err := url.Parse(c.S3.Endpoint); err != nil || e.Scheme != "https" && e.Scheme != "http" || e.Host == "" || e.Path != "" {
		bad("backup.s3.endpoint: %q is not an address such as https://ACCOUNT.r2.cloudflarestorage.com", c.S3.Endpoint)
	}
	if c.S3.AccessKey == "" || c.S3.SecretKey == "" {
		bad("backup.s3: access_key and secret_key are needed for %s", c.To)
	}
	return problems
}

// Open gives the vault that c names, or nil where no backups are made. version is this program's, for the manifests.
func Open(c Config, version string) (*Vault, error) {
	if c.To == "" {
		return nil, nil
	}
	v := &Vault{store: folder(c.To), keep: time.Duration(c.KeepDays) * 24 * time.Hour, version: version}
	if !filepath.IsAbs(c.To) {
		to, err := url.Parse(c.To)
		if err != nil {
			return nil, fmt.Errorf("backup.to: %w", err)
		}
		if v.store, err = openBucket(to, c.S3); err != nil {
			return nil, err
		}
	}
	for _, r := range c.EncryptTo {
		recipient, err := age.ParseX25519Recipient(r)
		if err != nil {
			return nil, fmt.Errorf("backup.encrypt_to: %w", err)
		}
		v.recipients = append(v.recipients, recipient)
	}
	return v, nil
}

// Identities reads a file as age-keygen writes it. An empty name gives none.
func Identities(name string) ([]age.Identity, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("age identity: %w", err)
	}
	defer f.Close()
	all, err := age.ParseIdentities(f)
	if err != nil {
		return nil, errors.New("age identity: " + name + " holds no AGE-SECRET-KEY-1... line as age-keygen writes them")
	}
	return all, nil
}
