package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLocated(t *testing.T) {
	file := filepath.Join(t.TempDir(), "suiftly.yaml")
	yaml := `web:
  listen: x
services:
  # a comment
  catalog:
    - name: seal
      tiers:
        - name: starter
          monthly: free
        - {name: pro, monthly: 40}
    - name: grpc
`
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	for problem, want := range map[string]string{
		"services.catalog[0].tiers[0].monthly: no price": ":9: ",
		"services.catalog[0].tiers[1].label: required":   ":10: ", // missing: the entry's line
		"services.catalog[1].label: required":            ":11: ",
		"services.catalog: too few":                      ":5: ",
		"services.catalog[7].name: odd":                  ":5: ",
		"web.listen: not an address":                     ":2: ",
		"logs.listen: from the environment":              "",
		"no path at all":                                 "",
	} {
		t.Run(problem+" is found", func(t *testing.T) {
			got := Located(file, errors.Join(errors.New(problem))).Error()
			if want != "" {
				want = file + want
			}
			if where := strings.TrimSuffix(got, problem); where != want {
				t.Fatalf("got %q", got)
			}
		})
	}
	t.Run("all problems stay, and without a file they stay as they are", func(t *testing.T) {
		all := errors.Join(errors.New("web.listen: a"), errors.Join(errors.New("web: b"), errors.New("c")))
		if got := Located(file, all).Error(); got != file+":2: web.listen: a\n"+file+":1: web: b\nc" {
			t.Fatalf("got %q", got)
		}
		if got := Located("", all).Error(); got != all.Error() || Located(file, nil) != nil {
			t.Fatalf("got %q", got)
		}
	})
}
