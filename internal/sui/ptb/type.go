package ptb

import (
	"fmt"
	"slices"
	"strings"

	"suiftly/internal/sui"
	"suiftly/internal/sui/bcs"
)

// typeTag is a Move type. Of a struct all fields are set, of a vector only its one parameter.
type typeTag struct {
	kind         int
	address      sui.Address
	module, name string
	params       []typeTag
}

// primitives are the kinds in the order of the BCS enum; vector and struct have parts.
var primitives = []string{"bool", "u8", "u64", "u128", "address", "signer", "vector", "struct", "u16", "u32", "u256"}

const (
	vector = 6
	strukt = 7

	maxTypeDepth = 16 // of parameters in parameters, as the protocol's max_type_argument_depth
)

// CanonicalType gives a Move type as the network tells it: addresses in 64 digits, no blanks. Types are compared in this form.
func CanonicalType(text string) (string, error) {
	t, err := parseType(text)
	if err != nil {
		return "", err
	}
	return t.String(), nil
}

// TypeBCS is the type as it is hashed into identities.
func TypeBCS(text string) ([]byte, error) {
	t, err := parseType(text)
	if err != nil {
		return nil, err
	}
	return t.append(nil), nil
}

func parseType(text string) (typeTag, error) {
	t, rest, ok := cutType(text, 0)
	if !ok || rest != "" {
		return typeTag{}, fmt.Errorf("%.200q is not a Move type", text)
	}
	return t, nil
}

// cutType reads the type that text starts with.
func cutType(text string, depth int) (t typeTag, rest string, ok bool) {
	if depth > maxTypeDepth {
		return t, "", false
	}
	text = strings.TrimLeft(text, " ")
	end := strings.IndexAny(text, "<>,")
	if end < 0 {
		end = len(text)
	}
	word, rest := strings.TrimRight(text[:end], " "), text[end:]
	if strings.HasPrefix(rest, "<") {
		for more := true; more; {
			var param typeTag
			if param, rest, ok = cutType(rest[1:], depth+1); !ok || rest == "" {
				return t, "", false
			}
			t.params = append(t.params, param)
			more = rest[0] == ','
		}
		if rest[0] != '>' {
			return t, "", false
		}
		rest = strings.TrimLeft(rest[1:], " ")
	}
	parts := strings.Split(word, "::")
	switch {
	case len(parts) == 3:
		var err error
		t.kind, t.module, t.name = strukt, parts[1], parts[2]
		t.address, err = sui.ParseAddress(parts[0])
		return t, rest, err == nil && identifier(t.module) && identifier(t.name)
	case len(parts) == 1:
		t.kind = slices.Index(primitives, word)
		return t, rest, t.kind >= 0 && t.kind != strukt && len(t.params) == map[bool]int{true: 1}[t.kind == vector]
	}
	return t, "", false
}

// identifier says whether s can name a Move module, type or function.
func identifier(s string) bool {
	for i, c := range []byte(s) {
		if c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && s != "_"
}

func (t typeTag) String() string {
	name := primitives[t.kind]
	if t.kind == strukt {
		name = t.address.String() + "::" + t.module + "::" + t.name
	}
	if len(t.params) == 0 {
		return name
	}
	params := make([]string, len(t.params))
	for i, p := range t.params {
		params[i] = p.String()
	}
	return name + "<" + strings.Join(params, ", ") + ">"
}

func (t typeTag) append(b []byte) []byte {
	b = bcs.AppendULEB(b, t.kind)
	if t.kind == strukt {
		b = append(b, t.address[:]...)
		b = bcs.AppendBytes(b, t.module)
		b = bcs.AppendBytes(b, t.name)
		b = bcs.AppendULEB(b, len(t.params))
	}
	for _, p := range t.params {
		b = p.append(b)
	}
	return b
}

func readType(r *bcs.Reader, depth int) (t typeTag) {
	t.kind = r.ULEB()
	if t.kind >= len(primitives) || depth > maxTypeDepth {
		r.Fail()
		return typeTag{}
	}
	params := 0
	switch t.kind {
	case vector:
		params = 1
	case strukt:
		copy(t.address[:], r.Take(len(t.address)))
		t.module, t.name = string(r.Bytes()), string(r.Bytes())
		if !identifier(t.module) || !identifier(t.name) {
			r.Fail()
		}
		params = r.Count(maxItems)
	}
	for range params {
		t.params = append(t.params, readType(r, depth+1))
	}
	return t
}
