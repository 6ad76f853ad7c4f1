package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/codafs/codafs/coda/codatest"
)

// listen starts the stand-in service on two sockets, since its downloads are on a host of their own,
// and gives the API's address. wrap, if not nil, comes before the API.
func listen(tb testing.TB, w *codatest.Workspace, o codatest.Options, wrap func(http.Handler) http.Handler) (service *codatest.Server, apiURL string) {
	tb.Helper()
	downloads, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	o.Downloads = "http://" + downloads.Addr().String()
	service = codatest.New(w, o)
	files := &http.Server{Handler: service}
	go func() { _ = files.Serve(downloads) }()
	handler := http.Handler(service)
	if wrap != nil {
		handler = wrap(service)
	}
	api := httptest.NewServer(handler)
	tb.Cleanup(func() { api.Close(); _ = files.Close() })
	return service, api.URL + codatest.Base
}
