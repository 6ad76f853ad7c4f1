package coda_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rest"
)

// A small answer must not become a large one in memory.
func TestAnswersThatOnlyFillTheMemoryAreRefused(t *testing.T) {
	for name, body := range map[string]string{
		"deep":             `{"items":[` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `]}`,
		"deep in a string": `{"items":[{"name":"\"` + strings.Repeat("[", 50) + `"},` + strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200) + `]}`,
		"many":             `{"items":[` + strings.Repeat("{},", 20_000) + `{}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, codatest.Sample(), codatest.Options{}, coda.Options{MaxRetries: rest.NoRetries})
				s.api.Fail(codatest.Fault{Path: "/docs", Status: http.StatusOK, Body: body})
				for _, err := range s.Docs(t.Context(), coda.DocFilter{}) {
					fails(t, err, rest.CodeBadAnswer)
				}
			})
		})
	}
}

func TestBracketsInStringsAreNoDepth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, codatest.Sample(), codatest.Options{}, coda.Options{MaxRetries: rest.NoRetries})
		body := `{"items":[{"id":"a","name":"` + strings.Repeat(`[{\"`, 500) + `"}]}`
		s.api.Fail(codatest.Fault{Path: "/docs", Status: http.StatusOK, Body: body})
		for _, err := range s.Docs(t.Context(), coda.DocFilter{}) {
			if err != nil {
				t.Error(err)
			}
		}
	})
}
