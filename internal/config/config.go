// Package config reads config.yaml and the environment over a struct of defaults, strictly, and reports every problem at once.
package config

import (
	"encoding"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
	yamlv3 "go.yaml.in/yaml/v3"
)

// Prefix starts the environment variables that are settings: SUIFTLY_LOGS__LISTEN is logs.listen.
const Prefix = "SUIFTLY_"

// Load lays path (a YAML file; "" for none) and then the environment (as os.Environ gives it) over into, a pointer to a
// struct with koanf tags that holds the defaults. A list or a map that is given replaces the default whole. Unknown keys
// and wrong types are errors; all of them come back together.
func Load(into any, path string, environ []string) error {
	k := koanf.New(".")
	if path != "" {
		if err := k.Load(file.Provider(path), yaml.Parser()); err != nil {
			if errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("%s does not exist: name an existing file, or write one with `suiftly config --example > %s`", path, path)
			}
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	var problems []error
	env := map[string]any{}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		rest, ours := strings.CutPrefix(name, Prefix)
		if !ours {
			continue
		}
		if !strings.Contains(rest, "__") {
			problems = append(problems, fmt.Errorf("%s: settings in the environment are SUIFTLY_SECTION__KEY, for example SUIFTLY_WEB__LISTEN", name))
			continue
		}
		env[strings.ToLower(strings.ReplaceAll(rest, "__", "."))] = value
	}
	if err := k.Load(confmap.Provider(env, "."), nil); err != nil {
		return fmt.Errorf("read the environment: %w", err)
	}
	problems = append(problems, unknown(reflect.TypeOf(into).Elem(), k.Raw(), "")...)
	if len(problems) > 0 {
		return errors.Join(problems...)
	}
	err := k.UnmarshalWithConf("", into, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		Result: into, TagName: "koanf", ZeroFields: true,
		DecodeHook: mapstructure.ComposeDecodeHookFunc(mapstructure.TextUnmarshallerHookFunc(), mapstructure.StringToTimeDurationHookFunc(), fromNumber, fromText),
	}})
	if err != nil {
		return fmt.Errorf("wrong type of value: %w", err)
	}
	return nil
}

// fromNumber reads a YAML number as the text that it is where the type reads text: 25 in an amount of money is 25 dollars.
// Without it 25 would be taken as the integer behind the type, which counts micro-dollars.
func fromNumber(_, to reflect.Type, value any) (any, error) {
	out := reflect.New(to)
	reads, ok := out.Interface().(encoding.TextUnmarshaler)
	if !ok {
		return value, nil
	}
	var text string
	switch n := value.(type) {
	case int:
		text = strconv.Itoa(n)
	case float64:
		text = strconv.FormatFloat(n, 'f', -1, 64)
	default:
		return value, nil
	}
	if err := reads.UnmarshalText([]byte(text)); err != nil {
		return nil, err
	}
	return out.Elem().Interface(), nil
}

// fromText reads a string, as the environment gives them, as the number, switch or list that is wanted.
func fromText(from, to reflect.Type, value any) (any, error) {
	text, ok := value.(string)
	if !ok || from.Kind() != reflect.String || to.Kind() == reflect.String || to.Kind() == reflect.Interface || to.Kind() == reflect.Struct {
		return value, nil
	}
	var out any
	if err := yamlv3.Unmarshal([]byte(text), &out); err != nil {
		return nil, fmt.Errorf("%q: %w", text, err)
	}
	return out, nil
}

// unknown names the keys of node that t has no field for.
func unknown(t reflect.Type, node any, at string) (problems []error) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch n := node.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(n)) {
			here := strings.TrimPrefix(at+"."+key, ".")
			switch t.Kind() {
			case reflect.Map:
				problems = append(problems, unknown(t.Elem(), n[key], here)...)
			case reflect.Struct:
				f, ok := fields(t)[key]
				if !ok {
					problems = append(problems, fmt.Errorf("%s: unknown key%s", here, meant(key, at, fields(t))))
					continue
				}
				problems = append(problems, unknown(f, n[key], here)...)
			}
		}
	case []any:
		if t.Kind() == reflect.Slice {
			for i, item := range n {
				problems = append(problems, unknown(t.Elem(), item, fmt.Sprintf("%s[%d]", at, i))...)
			}
		}
	}
	return problems
}

func fields(t reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for i := range t.NumField() {
		if tag := t.Field(i).Tag.Get("koanf"); tag != "" {
			out[tag] = t.Field(i).Type
		}
	}
	return out
}

// meant suggests the known key that is nearest to what was written.
func meant(key, at string, known map[string]reflect.Type) string {
	best, distance := "", 4
	for _, k := range slices.Sorted(maps.Keys(known)) {
		if d := edits(key, k); d < distance && d <= len(k)/2 {
			best, distance = k, d
		}
	}
	if best == "" {
		return " (known here: " + strings.Join(slices.Sorted(maps.Keys(known)), ", ") + ")"
	}
	return "; did you mean " + strings.TrimPrefix(at+"."+best, ".") + "?"
}

// edits is the Levenshtein distance.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// Keys lists every key a settings struct has, dotted, as config.example.yaml must explain them. A map or a list of structs
// counts as one key: its entries are the operator's.
func Keys(t reflect.Type) (keys []string) {
	for name, f := range fields(t) {
		if f.Kind() != reflect.Struct {
			keys = append(keys, name)
			continue
		}
		for _, k := range Keys(f) {
			keys = append(keys, name+"."+k)
		}
	}
	slices.Sort(keys)
	return keys
}
