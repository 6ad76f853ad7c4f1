package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/codatest/openapitest"
	"github.com/rogpeppe/go-internal/testscript"
)

// Snapshots and caches name the service by its address. A stand-in on any free port would be another service each
// time, so the pinned one has Coda's own address: the program reaches it through a proxy, which leads nowhere else,
// and trusts the certificate made here.

// servePinned starts the service with a clock that stands: the same edits have the same stamps each time.
func (s *session) servePinned(ts *testscript.TestScript) {
	s.service = codatest.New(s.workspace, codatest.Options{Token: scriptToken, Now: func() time.Time { return pinnedNow }})
	certificate, file := newCertificate(ts, hostOf(ts, coda.DefaultURL), hostOf(ts, codatest.DefaultDownloads), hostOf(ts, codatest.DefaultBlobs))
	api := httptest.NewUnstartedServer(openapitest.Wrap(s.t, s.service))
	api.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	api.StartTLS()
	proxy := httptest.NewServer(tunnelTo(api.Listener.Addr().String()))
	ts.Defer(func() { proxy.Close(); api.CloseClientConnections(); api.Close() })
	ts.Setenv("HTTPS_PROXY", proxy.URL)
	ts.Setenv("SSL_CERT_FILE", file)
	ts.Setenv("CODA_API_TOKEN", scriptToken)
}

func hostOf(ts *testscript.TestScript, address string) string {
	u, err := url.Parse(address)
	ts.Check(err)
	return u.Hostname()
}

// tunnelTo is a proxy that connects everybody to one address. A tunnel ends when either side is closed.
func tunnelTo(address string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		to, err := net.Dial("tcp", address)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer to.Close()
		w.WriteHeader(http.StatusOK)
		from, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer from.Close()
		go func() {
			_, _ = io.Copy(to, from) // how a tunnel ends is for its two ends
			to.Close()
		}()
		_, _ = io.Copy(from, to)
	})
}

// newCertificate makes a certificate for hosts, and a file for those who are to trust it.
func newCertificate(ts *testscript.TestScript, hosts ...string) (c tls.Certificate, file string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: hosts, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	ts.Check(err)
	file = filepath.Join(ts.Getenv("WORK"), ".trusted.pem")
	ts.Check(os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}
