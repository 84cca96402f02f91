package sui_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	suigo "github.com/pattonkan/sui-go/sui"

	"suiftly/internal/sui"
)

func TestParseAddress(t *testing.T) {
	full := "0x" + strings.Repeat("0aBc", 16)
	for text, want := range map[string]string{
		full:                     strings.ToLower(full),
		"0X" + full[2:]:          strings.ToLower(full),
		"0x2":                    "0x" + strings.Repeat("0", 63) + "2",
		"0xABC":                  "0x" + strings.Repeat("0", 61) + "abc",
		"0x0":                    "0x" + strings.Repeat("0", 64),
		"0x" + full[len("0x0"):]: "0x0" + strings.ToLower(full[len("0x0"):]),
	} {
		t.Run(text+" is an address", func(t *testing.T) {
			got, err := sui.ParseAddress(text)
			if err != nil || got.String() != want {
				t.Fatalf("got %s, %v", got, err)
			}
			if again, err := sui.ParseAddress(got.String()); err != nil || again != got {
				t.Fatalf("its own form reads as %s, %v", again, err)
			}
		})
	}
	for name, text := range map[string]string{
		"empty text":           "",
		"a prefix alone":       "0x",
		"no prefix":            full[2:],
		"65 digits":            full + "0",
		"a leading blank":      " 0x2",
		"a trailing line end":  "0x2\n",
		"a letter that is not": "0x2g",
		"two prefixes":         "0x0x2",
		"a sign":               "0x-2",
		"a name":               "alice.sui",
		"a wide digit":         "0x\uff12",
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			if a, err := sui.ParseAddress(text); !errors.Is(err, sui.ErrAddress) {
				t.Fatalf("got %s, %v", a, err)
			}
		})
	}
	t.Run("JSON takes and gives the same text", func(t *testing.T) {
		var a sui.Address
		if err := json.Unmarshal([]byte(`"0x2"`), &a); err != nil {
			t.Fatal(err)
		}
		if b, err := json.Marshal(a); err != nil || string(b) != `"`+a.String()+`"` {
			t.Fatalf("%s, %v", b, err)
		}
		if err := json.Unmarshal([]byte(`""`), &a); err == nil {
			t.Fatal("took empty text")
		}
	})
	t.Run("sui-go's address and ours are the same bytes", func(t *testing.T) {
		a, err := sui.ParseAddress("0xabc")
		if err != nil {
			t.Fatal(err)
		}
		if got := suigo.Address(a).String(); got != a.String() {
			t.Fatalf("sui-go writes %s", got)
		}
	})
}
