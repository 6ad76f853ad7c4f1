package openapitest

import (
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// repair makes schemas satisfiable that are not as they are written. The file composes
// objects with allOf, each part of which forbids the fields of the others, and it has
// oneOf where the alternatives overlap (a string is both a Value and a RichValue). It holds the schemas
// that were repaired, and is used once, before anything is checked.
type repair map[*openapi3.Schema]bool

// ref repairs what a reference leads to, if anything.
func (seen repair) ref(r *openapi3.SchemaRef) {
	if r != nil && r.Value != nil {
		seen.schema(r.Value)
	}
}

// schema repairs a schema and all below it, each once: they refer to each other in circles.
func (seen repair) schema(s *openapi3.Schema) {
	if seen[s] {
		return
	}
	seen[s] = true
	for _, refs := range []openapi3.SchemaRefs{s.OneOf, s.AnyOf, s.AllOf} {
		for _, r := range refs {
			seen.ref(r)
		}
	}
	for _, r := range s.Properties {
		seen.ref(r)
	}
	seen.ref(s.Items)
	seen.ref(s.AdditionalProperties.Schema)
	mergeAllOf(s)
	// Without a mapping, which alternative is meant cannot be told: a value need only fit one of them, not exactly one.
	if s.Discriminator == nil || len(s.Discriminator.Mapping) == 0 {
		s.Discriminator = nil
		s.AnyOf = append(s.AnyOf, s.OneOf...)
		s.OneOf = nil
	}
	if s.Type == nil && len(s.Properties) == 0 {
		s.AdditionalProperties = openapi3.AdditionalProperties{} // a wrapper of something that is no object
	}
}

// mergeAllOf makes one object of the objects that s is composed of. The last part decides whether fields that no
// part declares are allowed.
func mergeAllOf(s *openapi3.Schema) {
	var rest openapi3.SchemaRefs
	for _, r := range s.AllOf {
		part := r.Value
		if part.Type == nil || !part.Type.Is("object") {
			rest = append(rest, r)
			continue
		}
		if s.Properties == nil {
			s.Properties = openapi3.Schemas{}
		}
		for name, p := range part.Properties {
			s.Properties[name] = p
		}
		s.Type = part.Type
		s.Required = slices.Compact(slices.Sorted(slices.Values(append(s.Required, part.Required...))))
		s.AdditionalProperties = part.AdditionalProperties
	}
	s.AllOf = rest
}
