package openapitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// checkRequest checks a request's parameters and body. Beside a pageToken every other
// parameter is ignored by the service, so none is checked. A query parameter that the file
// does not declare is an error here, though the service would ignore it: it is a slip of the client's.
// Headers and the token are not checked; the stand-in looks at the token itself.
func (s *spec) checkRequest(r *http.Request, op *openapi3.Operation, item *openapi3.PathItem, args map[string]string) error {
	declared := map[string]bool{}
	for _, p := range op.Parameters {
		declared[p.Value.Name] = p.Value.In == "query"
	}
	if !r.URL.Query().Has("pageToken") {
		for name := range r.URL.Query() {
			if !declared[name] {
				return fmt.Errorf("the file has no query parameter %q", name)
			}
		}
	}
	return briefRequest(openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request: r, PathParams: args,
		Route: &routers.Route{Spec: s.doc, PathItem: item, Method: r.Method, Operation: op},
		Options: &openapi3filter.Options{
			AuthenticationFunc:                openapi3filter.NoopAuthenticationFunc,
			SkipSettingDefaults:               true,
			RejectWhenRequestBodyNotSpecified: true,
		},
	}))
}

// checkAnswer checks an answer's body. The file declares no header, and says of most fields only
// their types; what a body must hold besides is for the tests of the client.
func (s *spec) checkAnswer(op *openapi3.Operation, a *recorder) error {
	body, err := a.plain()
	if err != nil {
		return err
	}
	// Of errors too.
	if media, _, _ := mime.ParseMediaType(a.Header().Get("Content-Type")); media != "application/json" {
		return fmt.Errorf("Content-Type is %q", a.Header().Get("Content-Type"))
	}
	value, err := decode(body)
	if err != nil {
		return err
	}
	if a.status >= 400 {
		return s.checkError(a.status, value)
	}
	declared := op.Responses.Status(a.status)
	if declared == nil {
		return errors.New("the file has no answer of that status")
	}
	return brief(declared.Value.Content.Get("application/json").Schema.Value.VisitJSON(value))
}

// checkError checks an error. Any operation may answer one of any status: 400 comes of a
// header, 5xx of the edge, and the file declares neither (facts §11, §12). The body is
// always the envelope; some have a type and details more (§5, §12).
func (s *spec) checkError(status int, value any) error {
	envelope := s.doc.Components.Responses["BadRequestError"].Value.Content.Get("application/json").Schema.Value
	object, ok := value.(map[string]any)
	if !ok {
		return errors.New("an error that is no object")
	}
	if object["statusCode"] != float64(status) {
		return fmt.Errorf("statusCode is %v", object["statusCode"])
	}
	// Declared nowhere in the file; observed on some errors (facts §12).
	delete(object, "codaType")
	delete(object, "codaDetail")
	return brief(envelope.VisitJSON(object))
}

// decode gives JSON as kin-openapi wants it: numbers as float64. Literals beyond its range
// are legal JSON and legal here, so they become the largest number.
func decode(body []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	return floats(value), nil
}

// floats makes numbers of literals, in place. It returns value, which at the top may be a literal itself.
func floats(value any) any {
	switch v := value.(type) {
	case json.Number:
		f, _ := strconv.ParseFloat(string(v), 64)
		return max(-math.MaxFloat64, min(f, math.MaxFloat64))
	case []any:
		for i := range v {
			v[i] = floats(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = floats(v[k])
		}
	}
	return value
}

// briefRequest says which part of a request is wrong, and how. kin-openapi's own text has the whole schema in it.
func briefRequest(err error) error {
	e, ok := errors.AsType[*openapi3filter.RequestError](err)
	switch {
	case !ok || e.Err == nil:
		return err
	case e.Parameter != nil:
		return fmt.Errorf("parameter %s: %w", e.Parameter.Name, brief(e.Err))
	}
	return fmt.Errorf("body: %w", brief(e.Err))
}

// brief is a schema error without the schema, which kin-openapi prints with all that it refers to.
func brief(err error) error {
	e, ok := errors.AsType[*openapi3.SchemaError](err)
	if !ok {
		return err
	}
	value := fmt.Sprintf("%.200v", e.Value)
	return fmt.Errorf("at /%s: %s (%s)", strings.Join(e.JSONPointer(), "/"), e.Reason, value)
}
