package rest

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"
)

// NewTransport is the transport of a [Client] that is given none. It bounds each wait for a peer that says nothing.
func NewTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: dialTimeout}).DialContext
	t.MaxIdleConnsPerHost = 16
	t.ResponseHeaderTimeout = time.Minute
	t.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
		if resp.StatusCode == http.StatusProxyAuthRequired {
			return ErrProxyPassword
		}
		return nil
	}
	return t
}

// dialTimeout is how long it may take to find an address and connect to it: the reason why that cannot be is known soon.
const dialTimeout = 4 * time.Second

// ErrProxyPassword is a proxy's 407.
var ErrProxyPassword = errors.New("the proxy wants a user and a password (give them in HTTPS_PROXY)")

// errSilent stands for all timeouts of this client, so that none is taken for the end of
// the caller's context.
var errSilent = errors.New("no answer in time")

// transportError is the error for a request that got no whole answer. The URL that net/http
// puts into its errors is dropped: it may be a download link.
func (c *Client) transportError(err error) *Error {
	if r, ok := errors.AsType[redirectError](err); ok {
		return &Error{Code: CodeRedirect, Message: r.Error()}
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	noWay := foundNoWay(err)
	switch {
	case !errors.Is(err, context.DeadlineExceeded):
	case noWay:
		err = errors.New(err.Error()) // which says what could not be reached, or found, in time
	default:
		err = errSilent
	}
	return &Error{Code: CodeUnreachable, Err: c.scrubError(err), Final: lasting(err), noWay: noWay}
}

// lasting reports whether another try would meet the same: somebody has to change something first.
func lasting(err error) bool {
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	return untrusted || errors.Is(err, ErrProxyPassword)
}
