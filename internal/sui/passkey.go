package sui

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"unicode/utf8"

	"suiftly/internal/sui/bcs"
)

var (
	errClientData = errors.New("not WebAuthn client data of a get")
	errChallenge  = errors.New("the WebAuthn challenge is another message")
	errJSON       = errors.New("not one JSON object with each name once")
)

// readPasskey checks bcs{authenticator_data vec<u8>, client_data_json string, user_signature vec<u8>} and gives the key.
// The authenticator signs its own data and the hash of the client data (WebAuthn 7.2), whose challenge is the digest.
// Origin and user-presence flags are the wallet's business: the chain does not look at them either.
func readPasskey(digest [32]byte, body []byte) (key []byte, err error) {
	r := bcs.NewReader(body)
	authenticator, client, inner := r.Bytes(), r.Bytes(), r.Bytes()
	if err := r.End(); err != nil {
		return nil, err
	}
	scheme, signature, key, err := splitPlain(inner)
	if err != nil {
		return nil, err
	}
	if scheme != Secp256r1 {
		return nil, errKey
	}
	challenge, err := clientChallenge(client)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(challenge, digest[:]) {
		return nil, errChallenge
	}
	sum := sha256.Sum256(client)
	return key, verifyPlain(Secp256r1, slices.Concat(authenticator, sum[:]), signature, key)
}

// clientChallenge reads the challenge out of client data with type, challenge and origin, the names that the chain needs.
func clientChallenge(client []byte) ([]byte, error) {
	fields, err := object(client)
	if err != nil {
		return nil, err
	}
	kind, ok := jsonString(fields["type"])
	if !ok || kind != "webauthn.get" {
		return nil, errClientData
	}
	if _, ok := jsonString(fields["origin"]); !ok {
		return nil, errClientData
	}
	challenge, ok := jsonString(fields["challenge"])
	if !ok {
		return nil, errClientData
	}
	digest, err := base64.RawURLEncoding.Strict().DecodeString(challenge)
	if err != nil || base64.RawURLEncoding.EncodedLen(len(digest)) != len(challenge) {
		return nil, errClientData
	}
	return digest, nil
}

// object splits a JSON object into its members. encoding/json by itself matches names in any case and lets the last of
// two equal names win: a second parser of the same bytes could then see another challenge.
func object(b []byte) (map[string]json.RawMessage, error) {
	if !utf8.Valid(b) || !json.Valid(b) {
		return nil, errJSON
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, errJSON
	}
	fields := map[string]json.RawMessage{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, errJSON
		}
		name, _ := token.(string)
		if _, twice := fields[name]; twice {
			return nil, errJSON
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, errJSON
		}
		fields[name] = value
	}
	return fields, nil
}

// jsonString reads a JSON string; null and a missing member are none.
func jsonString(value json.RawMessage) (string, bool) {
	var s *string
	if len(value) == 0 || json.Unmarshal(value, &s) != nil || s == nil {
		return "", false
	}
	return *s, true
}
