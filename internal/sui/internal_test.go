package sui

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"

	"golang.org/x/crypto/blake2b"
)

func TestSmallOrderKeys(t *testing.T) {
	if len(smallOrder) != 14 {
		t.Fatalf("%d encodings", len(smallOrder))
	}
	// R = the neutral point and S = 0 are a valid signature of any message whose hash is a multiple of the key's order.
	constant := make([]byte, signatureBytes)
	constant[0] = 1
	for key := range smallOrder {
		forged := false
		for i := range uint64(100) {
			message := binary.LittleEndian.AppendUint64(nil, i)
			if !ed25519.Verify(key[:], message, constant) {
				continue
			}
			forged = true
			if err := verifyPlain(Ed25519, message, constant, key[:]); !errors.Is(err, errSmallOrder) {
				t.Fatalf("%x: %v", key, err)
			}
		}
		if !forged {
			t.Errorf("%x: crypto/ed25519 took the constant signature for none of 100 messages", key)
		}
	}
}

func TestSecp256r1HalfOfS(t *testing.T) {
	priv, err := ecdsa.GenerateKey(p256, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := priv.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	key := append([]byte{2 + point[64]&1}, point[1:33]...)
	for i := range 300 { // about two of them have an r or s with a leading zero byte
		data := binary.LittleEndian.AppendUint64(nil, uint64(i))
		sum := sha256.Sum256(data)
		r, s, err := ecdsa.Sign(rand.Reader, priv, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		low, high := s, new(big.Int).Sub(p256Order, s)
		if s.Cmp(p256Half) > 0 {
			low, high = high, low
		}
		signature := make([]byte, signatureBytes)
		r.FillBytes(signature[:32])
		low.FillBytes(signature[32:])
		if err := verifyPlain(Secp256r1, data, signature, key); err != nil {
			t.Fatalf("the lower s of %x: %v", signature, err)
		}
		high.FillBytes(signature[32:])
		if err := verifyPlain(Secp256r1, data, signature, key); !errors.Is(err, errHighS) {
			t.Fatalf("the upper s of %x: %v", signature, err)
		}
	}
}

// claimOf cuts the issuer claim out of a token's payload as a wallet does: the base64 characters that hold its bytes.
func claimOf(payload, claim string) (cut []byte, offset uint8) {
	at := strings.Index(payload, claim)
	first, last := at*8/6, ((at+len(claim))*8-1)/6
	encoded := base64.RawURLEncoding.EncodeToString([]byte(payload))
	return []byte(encoded[first : last+1]), uint8(first % 4)
}

func TestIssuerOf(t *testing.T) {
	t.Run("is read wherever the claim stands in the payload", func(t *testing.T) {
		for _, issuer := range []string{"https://accounts.google.com", "https://id.twitch.tv/oauth2", "a", `q"uote`, strings.Repeat("x", 255)} {
			quoted, err := json.Marshal(issuer)
			if err != nil {
				t.Fatal(err)
			}
			for before := range 8 {
				for _, end := range []string{",", "}"} {
					claim := `"iss":` + string(quoted) + end
					payload := `{"a":"` + strings.Repeat("b", before) + `",` + claim
					if end == "," {
						payload += `"z":1}`
					}
					cut, offset := claimOf(payload, claim)
					if got, err := issuerOf(cut, offset); err != nil || got != issuer {
						t.Fatalf("%s: %q, %v", payload, got, err)
					}
				}
			}
		}
	})
	for name, payload := range map[string]string{
		"another claim":       `{"aud":"x",`,
		"two claims":          `{"iss":"x","iss":"y",`,
		"a claim and another": `{"iss":"x","a":1,`,
		"a number":            `{"iss":12,`,
		"null":                `{"iss":null,`,
		"no issuer":           `{"iss":"",`,
		"no end":              `{"iss":"x"`,
		"an upper-case name":  `{"ISS":"x",`,
		"256 bytes":           `{"iss":"` + strings.Repeat("x", 256) + `",`,
	} {
		t.Run(name+" is no issuer", func(t *testing.T) {
			cut, offset := claimOf(payload, payload[1:])
			if got, err := issuerOf(cut, offset); err == nil {
				t.Fatalf("read %q", got)
			}
		})
	}
}

func TestZkAddresses(t *testing.T) {
	hash := func(parts ...string) Address { return Address(blake2b.Sum256([]byte(strings.Join(parts, "")))) }
	full := new(big.Int).Sub(scalarField, big.NewInt(1))
	t.Run("a seed of 32 bytes has one address", func(t *testing.T) {
		got := zkAddresses("iss", full)
		if len(got) != 1 || got[0] != hash("\x05\x03iss", string(full.Bytes())) {
			t.Fatalf("got %v", got)
		}
	})
	t.Run("a shorter seed has the padded and the old address", func(t *testing.T) {
		got := zkAddresses("iss", big.NewInt(0x0102))
		if len(got) != 2 || got[0] != hash("\x05\x03iss", strings.Repeat("\x00", 30), "\x01\x02") || got[1] != hash("\x05\x03iss", "\x01\x02") {
			t.Fatalf("got %v", got)
		}
	})
	t.Run("Google's two names are one issuer", func(t *testing.T) {
		if zkAddresses("accounts.google.com", full)[0] != zkAddresses("https://accounts.google.com", full)[0] {
			t.Fatal("two addresses")
		}
	})
}

func TestElement(t *testing.T) {
	for text, ok := range map[string]bool{
		"0": true, "1": true, new(big.Int).Sub(scalarField, big.NewInt(1)).String(): true,
		scalarField.String(): false, "": false, "00": false, "01": false, "-1": false, "+1": false, "0x1": false, "1_0": false,
		" 1": false, strings.Repeat("9", 78): false, strings.Repeat("1", 1000): false,
	} {
		if _, err := element([]byte(text), scalarField); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestClientChallenge(t *testing.T) {
	const digest = "4OoG4YOomEzY3QckQK4qjCESXZlKlDW3yMYYhrwIfWo"
	good := `{"type":"webauthn.get","challenge":"` + digest + `","origin":"https://a.example","crossOrigin":false}`
	if got, err := clientChallenge([]byte(good)); err != nil || base64.RawURLEncoding.EncodeToString(got) != digest {
		t.Fatalf("%x, %v", got, err)
	}
	for name, bad := range map[string]string{
		"another case of a name":     strings.Replace(good, `"challenge"`, `"Challenge"`, 1),
		"a second challenge":         strings.Replace(good, `"origin"`, `"challenge":"","origin"`, 1),
		"the same name, escaped":     strings.Replace(good, `"origin"`, `"\u0063hallenge":"","origin"`, 1),
		"a padded challenge":         strings.Replace(good, digest, digest+"=", 1),
		"a challenge with line ends": strings.Replace(good, digest, digest[:9]+`\n`+digest[9:], 1),
		"stray bits":                 strings.Replace(good, digest, digest[:len(digest)-1]+"p", 1),
		"a challenge of null":        strings.Replace(good, `"`+digest+`"`, "null", 1),
		"a challenge in a list":      strings.Replace(good, `"`+digest+`"`, `["`+digest+`"]`, 1),
		"no origin":                  strings.Replace(good, "origin", "orig", 1),
		"a list around it":           "[" + good + "]",
		"text after it":              good + "x",
		"bytes that are not UTF-8":   strings.Replace(good, "a.example", "a\xff.example", 1),
		"a creation":                 strings.Replace(good, "webauthn.get", "webauthn.create", 1),
		"nothing":                    "",
		"a deep nest":                `{"a":` + strings.Repeat("[", 20000),
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			if got, err := clientChallenge([]byte(bad)); err == nil {
				t.Fatalf("read %x", got)
			}
		})
	}
}

// FuzzIssuerOf compares with reading the claim bit by bit.
func FuzzIssuerOf(f *testing.F) {
	for _, payload := range []string{`{"iss":"https://id.twitch.tv/oauth2",`, `{"a":1,"iss":"x"}`, `{"aa":1,"iss":"x"}`, `{"aud":"x","iss":"",`} {
		cut, offset := claimOf(payload, payload[strings.Index(payload, `"iss"`):])
		f.Add(cut, offset)
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	f.Fuzz(func(t *testing.T, claim []byte, offset uint8) {
		issuer, err := issuerOf(claim, offset)
		if err != nil {
			return
		}
		var bits strings.Builder
		for _, c := range claim {
			for i := 5; i >= 0; i-- {
				bits.WriteByte('0' + byte(strings.IndexByte(alphabet, c)>>i)&1)
			}
		}
		cut := bits.String()[2*int(offset):]
		cut = cut[:len(cut)-2*(3-(int(offset)+len(claim)-1)%4)]
		if len(cut)%8 != 0 {
			t.Fatalf("%q at %d holds no whole bytes", claim, offset)
		}
		n, _ := new(big.Int).SetString("1"+cut, 2)
		text := n.Bytes()[1:]
		var fields map[string]string
		if err := json.Unmarshal([]byte("{"+string(text[:len(text)-1])+"}"), &fields); err != nil || len(fields) != 1 || fields["iss"] != issuer {
			t.Fatalf("%q at %d reads %q, bit by bit %q", claim, offset, issuer, text)
		}
	})
}

// FuzzClientChallenge holds what is true of client data that was taken.
func FuzzClientChallenge(f *testing.F) {
	f.Add([]byte(`{"type":"webauthn.get","challenge":"4OoG4YOomEzY3QckQK4qjCESXZlKlDW3yMYYhrwIfWo","origin":"https://a.example"}`))
	f.Add([]byte(`{"Type":"webauthn.get","challenge":"","challenge":"","origin":null} {}`))
	f.Fuzz(func(t *testing.T, client []byte) {
		challenge, err := clientChallenge(client)
		if err != nil {
			return
		}
		var fields map[string]any
		if err := json.Unmarshal(client, &fields); err != nil {
			t.Fatalf("took %q: %v", client, err)
		}
		if fields["type"] != "webauthn.get" || fields["challenge"] != base64.RawURLEncoding.EncodeToString(challenge) {
			t.Fatalf("read %x of %q", challenge, client)
		}
	})
}
