package rest_test

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/codafs/codafs/coda/rest"
)

// add asks for one more thing, which must not be made twice.
func add(t *testing.T, c *rest.Client) error {
	return c.Do(t.Context(), rest.Request{Method: http.MethodPost, Path: []string{"things"}, Body: "thing", Want: http.StatusAccepted, Once: true},
		func(b []byte) error {
			if string(b) != `{"id":"1"}` {
				return errors.New("no thing")
			}
			return nil
		})
}

func TestWhatMayHaveBeenCarriedOutIsNotSentAgain(t *testing.T) {
	accept := func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusAccepted)
		w.Write([]byte(`{"id":"1"}`))
	}
	breakOff := func(w http.ResponseWriter) { panic(http.ErrAbortHandler) }
	status := func(n int) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { http.Error(w, `{"error":"no"}`, n) }
	}
	for _, c := range []struct {
		why    string
		first  func(http.ResponseWriter)
		sent   int64
		unsure bool
		fails  bool
	}{
		{"taken", accept, 1, false, false},
		{"too many requests", status(429), 2, false, false},
		{"locked for a while", status(423), 2, false, false},
		{"a wrong request", status(400), 1, false, true},
		{"a read-only token", status(403), 1, false, true},
		{"no time to read it", status(408), 1, true, true},
		{"out of order", status(500), 1, true, true},
		{"something before it is", status(503), 1, true, true},
		{"the connection breaks", breakOff, 1, true, true},
		{"the answer is no answer", func(w http.ResponseWriter) { w.WriteHeader(202); w.Write([]byte("<html>")) }, 1, true, true},
		{"another good status", func(w http.ResponseWriter) { w.WriteHeader(200); w.Write([]byte(`{"id":"1"}`)) }, 1, true, true},
		{"half an answer", func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(202)
			w.Write([]byte(`{"id":`))
			breakOff(w)
		}, 1, true, true},
	} {
		t.Run(c.why, func(t *testing.T) {
			var sent atomic.Int64
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if sent.Add(1) == 1 {
					c.first(w)
				} else {
					accept(w)
				}
			}))
			t.Cleanup(s.Close)
			err := add(t, newClient(t, rest.Options{BaseURL: s.URL}))
			e, _ := errors.AsType[*rest.Error](err)
			if n := sent.Load(); n != c.sent || (err != nil) != c.fails || e != nil && e.Unsure != c.unsure {
				t.Errorf("sent %d times, want %d: %v %+v", n, c.sent, err, e)
			}
		})
	}
}

// What found no way to the service is sent when there is one.
func TestWithoutAConnectionItIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		c := newClient(t, rest.Options{Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
			if tries++; tries < 3 {
				return nil, &net.OpError{Op: "dial", Err: errors.New("refused")}
			}
			return nil, errors.New("broke off")
		})})
		err := add(t, c)
		if e, ok := errors.AsType[*rest.Error](err); !ok || !e.Unsure || tries != 3 {
			t.Errorf("%d tries: %+v", tries, e)
		}
	})
}
