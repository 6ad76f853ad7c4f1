package openapitest

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

// Variable is the environment variable that names the OpenAPI file.
const Variable = "CODAFS_OPENAPI"

// spec is the file, made fit for checking. It does not change afterwards, and may be used by many goroutines.
type spec struct {
	doc   *openapi3.T
	paths []path
}

// path is a path of the file, by its parts; a variable one is in braces.
type path struct {
	parts []string
	item  *openapi3.PathItem
}

// load reads the file once a process: it is large, and each test that wraps a service wants it.
var load = sync.OnceValues(func() (*spec, error) { return parse(exceptions) })

// parse reads the file and makes it fit for checking, with the exceptions given.
func parse(exceptions []exception) (*spec, error) {
	data, err := os.ReadFile(os.Getenv(Variable))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Variable, err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, err
	}
	seen := repair{}
	for _, r := range doc.Components.Schemas {
		seen.ref(r)
	}
	s := &spec{doc: doc}
	for name, item := range doc.Paths.Map() {
		s.paths = append(s.paths, path{strings.Split(name, "/"), item})
		for _, op := range item.Operations() {
			seen.operation(op)
		}
	}
	for _, e := range exceptions {
		r := doc.Components.Schemas[e.schema]
		if r == nil {
			return nil, fmt.Errorf("exception for schema %s, which the file doesn't have", e.schema)
		}
		e.apply(r.Value)
	}
	return s, nil
}

// operation repairs the schemas that are written at an operation: those that no component has.
func (seen repair) operation(op *openapi3.Operation) {
	for _, r := range op.Responses.Map() {
		for _, media := range r.Value.Content {
			seen.ref(media.Schema)
		}
	}
	if op.RequestBody != nil {
		for _, media := range op.RequestBody.Value.Content {
			seen.ref(media.Schema)
		}
	}
}

// find returns the operation for a request, and the variable parts of its path; nil if the file has none. A literal
// part takes precedence over a variable one.
func (s *spec) find(method, escaped string) (*openapi3.Operation, *openapi3.PathItem, map[string]string) {
	parts := strings.Split(escaped, "/")
	var op *openapi3.Operation
	var item *openapi3.PathItem
	var args map[string]string
	for _, p := range s.paths {
		got, ok := p.match(parts)
		if ok && p.item.GetOperation(method) != nil && (op == nil || len(got) < len(args)) {
			op, item, args = p.item.GetOperation(method), p.item, got
		}
	}
	return op, item, args
}

// match returns the variable parts, decoded, of a path that is p. A slash within a part is escaped (%2F), so parts are
// split first.
func (p path) match(parts []string) (map[string]string, bool) {
	if len(parts) != len(p.parts) {
		return nil, false
	}
	args := map[string]string{}
	for i, want := range p.parts {
		name, isVariable := strings.CutPrefix(want, "{")
		got, err := url.PathUnescape(parts[i])
		switch {
		case err != nil:
			return nil, false
		case isVariable:
			args[strings.TrimSuffix(name, "}")] = got
		case want != got:
			return nil, false
		}
	}
	return args, true
}
