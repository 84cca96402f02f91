package sui

import (
	"errors"
	"strings"
	"testing"
)

func TestDigest(t *testing.T) {
	t.Run("reads what it writes", func(t *testing.T) {
		for _, d := range []Digest{{}, {0, 0, 1}, {31: 1}, {0xff}, Digest([]byte(strings.Repeat("\xff", 32)))} {
			if got, err := ParseDigest(d.String()); err != nil || got != d {
				t.Errorf("%s reads %x, %v", d, got, err)
			}
		}
		if got := (Digest{0x35, 0x83, 0x4a, 0x8a, 0xc1, 0x7c, 0xa4, 0x8f, 0xb1, 0x4a, 0xc8, 0xf9, 0x9c, 0x17, 0xc9, 0x87, 0x47, 0xe9, 0x5d, 0xd0, 0x72, 0x94, 0xae, 0x41, 0xa4, 0x6b, 0x38, 0x22, 0x46, 0xa4, 0x49, 0x9b}).String(); got != "4btiuiMPvEENsttpZC7CZ53DruC3MAgfznDbASZ7DR6S" {
			t.Errorf("mainnet is %s", got)
		}
	})
	t.Run("refuses all else", func(t *testing.T) {
		for _, text := range []string{"", "1", "4btiuiMPvEENsttpZC7CZ53DruC3MAgfznDbASZ7DR6", "4btiuiMPvEENsttpZC7CZ53DruC3MAgfznDbASZ7DR6S1", "4btiuiMPvEENsttpZC7CZ53DruC3MAgfznDbASZ7DR0S", " 4btiuiMPvEENsttpZC7CZ53DruC3MAgfznDbASZ7DR6S", strings.Repeat("1", 33), strings.Repeat("z", 44)} {
			if d, err := ParseDigest(text); !errors.Is(err, ErrDigest) {
				t.Errorf("%q reads %s", text, d)
			}
		}
	})
}
