package config

import (
	"encoding"
	"fmt"
	"reflect"

	yamlv3 "go.yaml.in/yaml/v3"
)

// Show gives settings as YAML with their koanf names, in the struct's order. A field tagged secret:"true" shows only
// whether it is set.
func Show(settings any) ([]byte, error) {
	node, err := shown(reflect.ValueOf(settings))
	if err != nil {
		return nil, err
	}
	out, err := yamlv3.Marshal(node)
	if err != nil {
		return nil, fmt.Errorf("show the configuration: %w", err)
	}
	return out, nil
}

func shown(v reflect.Value) (*yamlv3.Node, error) {
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if text, ok := v.Interface().(encoding.TextMarshaler); ok && v.Kind() != reflect.Pointer {
		s, err := text.MarshalText()
		if err != nil {
			return nil, fmt.Errorf("show the configuration: %w", err)
		}
		return scalar(string(s))
	}
	switch v.Kind() {
	case reflect.Struct:
		node := &yamlv3.Node{Kind: yamlv3.MappingNode}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			name := f.Tag.Get("koanf")
			if name == "" {
				continue
			}
			value, err := shown(v.Field(i))
			if err != nil {
				return nil, err
			}
			if f.Tag.Get("secret") == "true" && v.Field(i).Len() > 0 { // text or a list
				if value, err = scalar("(set, not shown)"); err != nil {
					return nil, err
				}
			}
			key, err := scalar(name)
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, key, value)
		}
		return node, nil
	case reflect.Slice:
		node := &yamlv3.Node{Kind: yamlv3.SequenceNode}
		if v.Len() == 0 {
			node.Style = yamlv3.FlowStyle
		}
		for i := range v.Len() {
			item, err := shown(v.Index(i))
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, item)
		}
		return node, nil
	case reflect.Map:
		plain := map[string]*yamlv3.Node{}
		for _, key := range v.MapKeys() {
			value, err := shown(v.MapIndex(key))
			if err != nil {
				return nil, err
			}
			plain[key.String()] = value
		}
		return scalar(plain)
	default:
		return scalar(v.Interface())
	}
}

func scalar(v any) (*yamlv3.Node, error) {
	node := &yamlv3.Node{}
	if err := node.Encode(v); err != nil {
		return nil, fmt.Errorf("show the configuration: %w", err)
	}
	return node, nil
}
