package services

// Schema describes the configurations that Check accepts, as JSON Schema 2020-12, for programs that build one.
func (t ServiceType) Schema() map[string]any {
	properties := map[string]any{tierKey: map[string]any{
		"title": "Plan", "enum": t.tierNames(), "description": "The plan.",
	}}
	var rules []any
	defaults := t.Defaults()
	for _, o := range t.Options {
		properties[o.Name] = o.schema(defaults[o.Name])
		if len(o.RequiresTier) > 0 {
			rules = append(rules, map[string]any{
				"if":   map[string]any{"properties": map[string]any{tierKey: map[string]any{"not": map[string]any{"enum": o.RequiresTier}}}},
				"then": map[string]any{"properties": map[string]any{o.Name: map[string]any{"const": defaults[o.Name]}}},
			})
		}
	}
	schema := map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": t.Label, "description": t.Description,
		"type": "object", "properties": properties, "required": []string{tierKey}, "additionalProperties": false,
	}
	if len(rules) > 0 {
		schema["allOf"] = rules
	}
	return schema
}

func (o ServiceOption) schema(initial any) map[string]any {
	out := map[string]any{"title": o.Label, "default": initial}
	if o.Description != "" {
		out["description"] = o.Description
	}
	switch o.Kind {
	case KindSwitch:
		out["type"] = "boolean"
	case KindCount:
		out["type"], out["minimum"], out["maximum"] = "integer", o.Count.Min, o.Count.Max
	case KindCounts:
		out["type"], out["minItems"], out["maxItems"] = "array", o.Count.Min, o.Count.Max
		out["items"] = map[string]any{"title": o.Each.Unit, "type": "integer", "minimum": o.Each.Min, "maximum": o.Each.Max}
	}
	return out
}
