package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/codafs/codafs/coda/codatest"
)

// listen starts the stand-in service on three sockets, since its downloads and its blobs are on hosts of their own,
// and gives the API's address. wrap, if not nil, comes before the API.
func listen(tb testing.TB, w *codatest.Workspace, o codatest.Options, wrap func(http.Handler) http.Handler) (service *codatest.Server, apiURL string) {
	tb.Helper()
	files := &http.Server{}
	var others []net.Listener
	for _, address := range []*string{&o.Downloads, &o.Blobs} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			tb.Fatal(err)
		}
		*address = "http://" + l.Addr().String()
		others = append(others, l)
	}
	service = codatest.New(w, o)
	files.Handler = service
	for _, l := range others {
		go func() { _ = files.Serve(l) }()
	}
	handler := http.Handler(service)
	if wrap != nil {
		handler = wrap(service)
	}
	api := httptest.NewServer(handler)
	tb.Cleanup(func() { api.Close(); _ = files.Close() })
	return service, api.URL + codatest.Base
}
