package config_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"suiftly/internal/config"
	"suiftly/internal/money"
)

type tier struct {
	Price money.Micros `koanf:"price_usd"`
}

type settings struct {
	Web struct {
		Listen  string   `koanf:"listen"`
		Port    int      `koanf:"port"`
		Proxies []string `koanf:"proxies"`
		Strict  bool     `koanf:"strict"`

		Wait time.Duration `koanf:"wait"`
	} `koanf:"web"`
	Tiers map[string]tier `koanf:"tiers"`
}

func load(t *testing.T, yaml string, environ ...string) (settings, error) {
	t.Helper()
	s := settings{Tiers: map[string]tier{"starter": {20e6}}}
	s.Web.Listen, s.Web.Port, s.Web.Proxies = "127.0.0.1", 8080, []string{"a", "b"}
	path := ""
	if yaml != "" {
		path = filepath.Join(t.TempDir(), "c.yaml")
		if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	err := config.Load(&s, path, environ)
	return s, err
}

func TestLoad(t *testing.T) {
	t.Run("the environment wins over the file, the file over the defaults", func(t *testing.T) {
		s, err := load(t, "web:\n  listen: file\n  port: 1\n", "SUIFTLY_WEB__PORT=2", "SUIFTLY_WEB__STRICT=true", "HOME=/x")
		if err != nil || s.Web.Listen != "file" || s.Web.Port != 2 || !s.Web.Strict || len(s.Web.Proxies) != 2 {
			t.Fatalf("got %+v, %v", s, err)
		}
	})
	t.Run("a given list or map replaces the default whole", func(t *testing.T) {
		s, err := load(t, "web: {proxies: [c]}\ntiers: {pro: {price_usd: \"40.50\"}}\n")
		if err != nil || !slices.Equal(s.Web.Proxies, []string{"c"}) || len(s.Tiers) != 1 || s.Tiers["pro"].Price != 40_500_000 {
			t.Fatalf("got %+v, %v", s, err)
		}
		if s, err = load(t, "", "SUIFTLY_WEB__PROXIES=[x, y, z]"); err != nil || len(s.Web.Proxies) != 3 {
			t.Fatalf("got %+v, %v", s, err)
		}
	})
	t.Run("durations are written with their unit", func(t *testing.T) {
		s, err := load(t, "web: {wait: 1h30m}\n")
		if err != nil || s.Web.Wait != 90*time.Minute {
			t.Fatalf("got %+v, %v", s, err)
		}
		if _, err := load(t, "", "SUIFTLY_WEB__WAIT=soon"); err == nil || !strings.Contains(err.Error(), "web.wait") {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("an environment value that looks like a number stays text where text is wanted", func(t *testing.T) {
		if s, err := load(t, "", "SUIFTLY_WEB__LISTEN=8080"); err != nil || s.Web.Listen != "8080" {
			t.Fatalf("got %+v, %v", s, err)
		}
	})
	t.Run("every unknown key is named at once, with what was probably meant", func(t *testing.T) {
		_, err := load(t, "web: {lisen: x}\nbiling: {}\ntiers: {pro: {price: \"1\"}}\n", "SUIFTLY_WEB__PROT=1", "SUIFTLY_PORT=1")
		for _, want := range []string{"web.lisen: unknown key; did you mean web.listen?", "biling: unknown key", "tiers.pro.price: unknown key", "web.prot: unknown key; did you mean web.port?", "SUIFTLY_PORT: settings in the environment"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("no %q in: %v", want, err)
			}
		}
	})
	t.Run("wrong types are refused by key", func(t *testing.T) {
		for _, yaml := range []string{"web: {port: many}\n", "web: {port: [1]}\n", "web: {strict: 3}\n", "tiers: {pro: {price_usd: 1e3x}}\n"} {
			if s, err := load(t, yaml); err == nil {
				t.Errorf("%s gave %+v", yaml, s)
			} else if !strings.Contains(strings.ToLower(err.Error()), "port") && !strings.Contains(strings.ToLower(err.Error()), "strict") && !strings.Contains(strings.ToLower(err.Error()), "price") {
				t.Errorf("%s: the key is not named: %v", yaml, err)
			}
		}
	})
	t.Run("a missing file says what to do", func(t *testing.T) {
		err := config.Load(&settings{}, filepath.Join(t.TempDir(), "none.yaml"), nil)
		if err == nil || !strings.Contains(err.Error(), "suiftly config --example") {
			t.Fatalf("got %v", err)
		}
	})
}

func TestShow(t *testing.T) {
	type section struct {
		Name   string          `koanf:"name"`
		Key    string          `koanf:"key" secret:"true"`
		Unset  string          `koanf:"unset" secret:"true"`
		Credit money.Micros    `koanf:"credit_usd"`
		List   []string        `koanf:"list"`
		Tiers  map[string]tier `koanf:"tiers"`
	}
	out, err := config.Show(section{Name: "a", Key: "hunter2", Credit: 1_500_000, Tiers: map[string]tier{"pro": {40e6}}})
	want := "name: a\nkey: (set, not shown)\nunset: \"\"\ncredit_usd: \"1.500000\"\nlist: []\ntiers:\n    pro:\n        price_usd: \"40.000000\"\n"
	if err != nil || string(out) != want {
		t.Fatalf("got %s, %v", out, err)
	}
}

func TestKeys(t *testing.T) {
	want := []string{"tiers", "web.listen", "web.port", "web.proxies", "web.strict", "web.wait"}
	if got := config.Keys(reflect.TypeFor[settings]()); !slices.Equal(got, want) {
		t.Fatalf("got %v", got)
	}
}
