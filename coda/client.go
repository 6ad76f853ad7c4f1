package coda

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/codafs/codafs/coda/rate"
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
	Rates map[rate.Class]rate.Rate
	// StateFile is the path of a small file through which the processes of one account on one
	// machine share their rate buckets; a lock file lies beside it, and a folder that holds a file for each
	// page that is being exported. Empty: this process is alone.
	StateFile string
	// Unlimited turns the rate buckets off: for a stand-in service that has no limits.
	Unlimited bool
	// MaxRetries is how often a failed request is sent again; 0 means 6, [NoRetries] never.
	MaxRetries int
	// Outage says what becomes of requests that find no way to the service.
	Outage Outage
	// ShowsOutages says that the caller shows outages, by [Client.Away] and [Client.Waiting]: the log has them at
	// level info, not as warnings.
	ShowsOutages bool
	// ExportTimeout bounds one page's export; 0 means 2 minutes.
	ExportTimeout time.Duration
	// StrictLatest asks for the newest state of a doc or an error ('X-Coda-Doc-Version: latest').
	StrictLatest bool
	// Offline sends nothing: every call fails with [CodeOffline].
	Offline bool
	Log     *slog.Logger
}

// Client sends requests for one token. It is safe for concurrent use.
type Client struct {
	opts   Options
	base   *url.URL
	api    *http.Client  // adds the token; stays on the API's hosts
	files  *http.Client  // downloads; never has the token
	limits *rate.Limiter // nil for an unlimited client
	// unanswered runs while any request is on its way or waits to be sent again; an answer resets it.
	unanswered rate.Stopwatch
	outage     outage
	delays     delays
	polls      *pollTimes
	pages      *pageLocks
	// downloads holds a token for each download that runs.
	downloads chan struct{}
	sent      atomic.Int64
}

const defaultRetries = 6

// NoRetries as [Options].MaxRetries has each request sent once.
const NoRetries = -1

// maxDownloads is how many downloads run at once. The rate of exports is far below what they could.
const maxDownloads = 4

// ErrBadURL is the error of [New] for a base address that a token must not be sent to.
var ErrBadURL = errors.New("the API address must be https (http only on this machine), with no user, query or fragment")

// New checks the options and makes a client. It sends nothing.
func New(o Options) (*Client, error) {
	if o.BaseURL == "" {
		o.BaseURL = DefaultURL
	}
	if o.MaxRetries == 0 {
		o.MaxRetries = defaultRetries
	}
	if o.ExportTimeout == 0 {
		o.ExportTimeout = 2 * time.Minute
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Transport == nil {
		o.Transport = NewTransport()
	}
	base, err := parseBase(o.BaseURL)
	if err != nil {
		return nil, err
	}
	c := &Client{opts: o, base: base, pages: newPageLocks(o), downloads: make(chan struct{}, maxDownloads)}
	c.api = &http.Client{Transport: o.Transport, CheckRedirect: c.checkRedirect}
	c.files = &http.Client{Transport: o.Transport, CheckRedirect: c.checkDownloadRedirect}
	if o.Unlimited {
		c.polls = newPollTimes(minPollGap) // polls are free
		return c, nil
	}
	c.polls = newPollTimes(firstPoll)
	rates := maps.Clone(DefaultRates)
	maps.Copy(rates, o.Rates)
	c.limits, err = rate.New(rate.Options{Rates: rates, StateFile: o.StateFile, Service: "Coda", Log: o.Log})
	return c, err
}

// parseBase reads the API's address.
func parseBase(s string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(s, "/"))
	if err != nil || !safeScheme(u) || u.Hostname() == "" || u.User != nil ||
		u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, fmt.Errorf("%w: %s", ErrBadURL, redact(s))
	}
	u.Host = canonicalHost(u)
	return u, nil
}

// redact keeps what may be secret in an address out of an error: user and password, query,
// fragment. It works on text, since the address may be one that cannot be read.
func redact(s string) string {
	if i := strings.LastIndex(s, "@"); i >= 0 {
		s = "…" + s[i:]
	}
	if i := strings.IndexAny(s, "?#"); i >= 0 {
		s = s[:i] + s[i:i+1] + "…"
	}
	return strconv.Quote(s)
}

// canonicalHost is u's host in lower case, without the port that its scheme implies.
func canonicalHost(u *url.URL) string {
	return strings.TrimSuffix(strings.ToLower(u.Host), map[string]string{"https": ":443", "http": ":80"}[u.Scheme])
}

// safeScheme reports whether nobody on the way can read what goes to u.
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
	// Throttled is the time during which at least one request waited for its rate bucket.
	Throttled time.Duration
}

// Usage reports what the client has sent so far.
func (c *Client) Usage() Usage {
	return Usage{Requests: c.sent.Load(), Throttled: c.limits.Throttled()}
}
