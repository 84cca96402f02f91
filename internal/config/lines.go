package config

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
)

// Located puts the file's line before each problem that begins with a key's path ("services.catalog[0].label: required"): the
// line of the key, or of the nearest one around it when the key itself is missing. What is no path, or not from the file, stays
// as it is.
func Located(path string, problems error) error {
	if problems == nil || path == "" {
		return problems
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return problems
	}
	var doc yamlv3.Node
	if err := yamlv3.Unmarshal(text, &doc); err != nil || len(doc.Content) == 0 {
		return problems
	}
	var out []error
	for _, problem := range split(problems) {
		key, _, _ := strings.Cut(problem.Error(), ": ")
		if line := lineOf(doc.Content[0], key); line > 0 {
			problem = fmt.Errorf("%s:%d: %w", path, line, problem)
		}
		out = append(out, problem)
	}
	return errors.Join(out...)
}

// split undoes errors.Join.
func split(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, one := range joined.Unwrap() {
			all = append(all, split(one)...)
		}
		return all
	}
	return []error{err}
}

// lineOf follows a path as far as the file has it; 0 when not even its first key is there.
func lineOf(at *yamlv3.Node, path string) (line int) {
	for part := range strings.SplitSeq(path, ".") {
		name, places, _ := strings.Cut(part, "[")
		next := (*yamlv3.Node)(nil)
		for i := 0; at.Kind == yamlv3.MappingNode && i+1 < len(at.Content); i += 2 {
			if at.Content[i].Value == name {
				line, next = at.Content[i].Line, at.Content[i+1]
			}
		}
		if next == nil {
			return line
		}
		at = next
		for place := range strings.SplitSeq(strings.TrimSuffix(places, "]"), "][") {
			i, err := strconv.Atoi(place)
			if err != nil || at.Kind != yamlv3.SequenceNode || i < 0 || i >= len(at.Content) {
				break
			}
			at = at.Content[i]
			line = at.Line
		}
	}
	return line
}
