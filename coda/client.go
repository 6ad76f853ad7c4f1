package coda

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// DefaultURL is the API's base address.
const DefaultURL = "https://coda.io/apis/v1"

// twins are hosts that serve the same API: a token for one is good for the other.
var twins = map[string]bool{"coda.io": true, "docs.superhuman.com": true}

// Options say how a client behaves. The zero value of each but Token is a good default.
type Options struct {
	// BaseURL is the API's address with its path. It must be https, or http on loopback.
	BaseURL string
	// Token is sent to BaseURL's host and to no other, twins apart.
	Token     string
	UserAgent string
	// Transport carries the requests; nil gives one of the client's own.
	Transport http.RoundTripper
	// Rates replaces entries of [DefaultRates].
	Rates map[Class]Rate
	// Unlimited turns the rate buckets off: for a stand-in service that has no limits.
	Unlimited bool
	// MaxRetries is how often a failed request is sent again; 0 means 6, less means never.
	MaxRetries int
	// ExportTimeout bounds one page's export; 0 means 2 minutes.
	ExportTimeout time.Duration
	// StrictLatest asks for the newest state of a doc or an error ('X-Coda-Doc-Version: latest').
	StrictLatest bool
	Log          *slog.Logger
}

// Client sends requests for one token. It is safe for concurrent use.
type Client struct {
	opts    Options
	base    *url.URL
	api     *http.Client // adds the token; stays on the API's hosts
	files   *http.Client // downloads; never has the token
	buckets map[Class]*bucket
	polls   pollTimes
	running keyed // one export a page
	sent    atomic.Int64
}

// ErrBadURL is the error of [New] for a base address that a token must not be sent to.
var ErrBadURL = errors.New("the API address must be https (http only on this machine), with no user, query or fragment")

// New checks the options and makes a client. It sends nothing.
func New(o Options) (*Client, error) {
	if o.BaseURL == "" {
		o.BaseURL = DefaultURL
	}
	if o.MaxRetries == 0 {
		o.MaxRetries = 6
	}
	if o.ExportTimeout == 0 {
		o.ExportTimeout = 2 * time.Minute
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Transport == nil {
		o.Transport = newTransport()
	}
	base, err := url.Parse(strings.TrimRight(o.BaseURL, "/"))
	if err != nil || !safeScheme(base) || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("%w: %s", ErrBadURL, redact(o.BaseURL))
	}
	c := &Client{opts: o, base: base, running: keyed{busy: map[string]chan struct{}{}}, polls: pollTimes{first: firstPoll}}
	if o.Unlimited {
		c.polls.first = minPollGap // polls are free
	}
	c.api = &http.Client{Transport: o.Transport, CheckRedirect: c.checkRedirect}
	c.files = &http.Client{Transport: o.Transport, CheckRedirect: c.checkDownloadRedirect}
	if !o.Unlimited {
		rates := maps.Clone(DefaultRates)
		maps.Copy(rates, o.Rates)
		c.buckets = make(map[Class]*bucket, len(rates))
		for class, r := range rates {
			c.buckets[class] = newBucket(r)
		}
	}
	return c, nil
}

// newTransport bounds each wait for a peer that says nothing.
func newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 16
	t.ResponseHeaderTimeout = time.Minute
	return t
}

// redact keeps a password in an address out of an error.
func redact(s string) string {
	if u, err := url.Parse(s); err == nil {
		return u.Redacted()
	}
	return "unreadable address"
}

// safeScheme tells whether nobody on the way can read what goes to u.
func safeScheme(u *url.URL) bool {
	return u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname())
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Usage is what the client has sent so far.
type Usage struct {
	Requests int64
	// Throttled is how long requests waited for their rate buckets, all added up.
	Throttled time.Duration
}

// Usage tells what the client has sent so far.
func (c *Client) Usage() Usage {
	u := Usage{Requests: c.sent.Load()}
	for _, b := range c.buckets {
		b.mu.Lock()
		u.Throttled += b.throttle
		b.mu.Unlock()
	}
	return u
}

// keyed lets one run at a time for each key.
type keyed struct {
	mu   sync.Mutex // guards busy
	busy map[string]chan struct{}
}
