package coda_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rest"
)

// endless is a body without an end. It counts what is read of it.
type endless struct {
	read   int64
	closed bool
}

var spaces = bytes.Repeat([]byte{' '}, 1<<16)

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, spaces)
	e.read += int64(n)
	return n, nil
}

func (e *endless) Close() error {
	e.closed = true
	return nil
}

func TestAnAnswerWithoutEndIsCutOff(t *testing.T) {
	for _, test := range []struct {
		status int
		code   rest.Code
		most   int64
	}{
		{200, rest.CodeTooLarge, 65 << 20},
		{403, rest.CodeForbidden, 1 << 20}, // an error's status is enough
	} {
		body := &endless{}
		sent := 0
		c := newClient(t, coda.Options{Transport: transportFunc(func(*http.Request) (*http.Response, error) {
			sent++
			return &http.Response{StatusCode: test.status, Header: http.Header{}, Body: body, ContentLength: -1}, nil
		})})
		_, err := collect(c.Docs(t.Context(), coda.DocFilter{}))
		fails(t, err, test.code)
		if body.read > test.most || !body.closed || sent != 1 {
			t.Errorf("%d: read %d bytes of %d answers, closed: %v; want %d bytes at most, once", test.status, body.read, sent, body.closed, test.most)
		}
	}
}

func TestALargeAnswerBelowTheLimitIsTaken(t *testing.T) {
	size := int64(63 << 20)
	if raced {
		size /= 8
	}
	body := io.MultiReader(strings.NewReader(`{"items":[`), io.LimitReader(&endless{}, size), strings.NewReader(`{"id":"d-1"}]}`))
	c := newClient(t, coda.Options{Transport: transportFunc(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(body), ContentLength: -1}, nil
	})})
	if docs, err := collect(c.Docs(t.Context(), coda.DocFilter{})); err != nil || len(docs) != 1 || docs[0].ID != "d-1" {
		t.Errorf("got %v, %v", docs, err)
	}
}

// What the service did is known by the status, also where its words are lost.
func TestAnErrorWithABrokenBodyKeepsItsStatus(t *testing.T) {
	c := newClient(t, coda.Options{MaxRetries: rest.NoRetries, Transport: transportFunc(func(*http.Request) (*http.Response, error) {
		body := io.MultiReader(strings.NewReader(`{"mess`), broken{})
		return &http.Response{StatusCode: 403, Header: http.Header{}, Body: io.NopCloser(body), ContentLength: -1}, nil
	})})
	_, err := c.WhoAmI(t.Context())
	fails(t, err, rest.CodeForbidden)
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
