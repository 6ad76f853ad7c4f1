package rest

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

// Service is what must be known of a service before it can be asked. The package of its endpoints has it.
type Service struct {
	// Name is the service's, for logs and errors.
	Name string
	// URL is the usual base address, for callers that name none.
	URL string
	// Hosts are those that serve the same API, if there are several: a token for one is good for the others.
	Hosts []string
	// Rates are the limits of each class of requests.
	Rates map[rate.Class]rate.Rate
	// Message finds the service's own explanation in the body of an error, "" if the body is somebody else's.
	Message func(body []byte) string
	// Probe is a small request that is answered whatever the token may see.
	Probe Request
}

// Options say how a client behaves. The zero value of each but Token is a good default.
type Options struct {
	// BaseURL is the API's address with its path; "" is the service's own. It must be https, or http on loopback.
	BaseURL string
	// Token is sent to BaseURL's host and the service's others, and nowhere else.
	Token     string
	UserAgent string
	// Transport carries the requests; nil is one of the client's own.
	Transport http.RoundTripper
	// Rates replaces entries of the service's.
	Rates map[rate.Class]rate.Rate
	// StateFile is the path of the file through which processes share their rate buckets: see [rate.Options].
	StateFile string
	// Unlimited turns the rate buckets off: for a stand-in service that has no limits.
	Unlimited bool
	// MaxRetries is how often a failed request is sent again; 0 means [DefaultRetries], [NoRetries] never.
	MaxRetries int
	// Outage says what becomes of requests that find no way to the service.
	Outage Outage
	// ShowsOutages says that the caller shows outages, by [Client.Away] and [Client.Waiting]: the log has them at
	// level info, not as warnings.
	ShowsOutages bool
	// Offline sends nothing: every call fails with [CodeOffline].
	Offline bool
	Log     *slog.Logger
}

// Client sends requests for one token. It is safe for concurrent use.
type Client struct {
	service Service
	opts    Options
	base    *url.URL
	api     *http.Client  // stays on the service's hosts; its requests have the token
	files   *http.Client  // downloads; never has the token
	limits  *rate.Limiter // nil for an unlimited client
	// unanswered runs while any request is on its way or waits to be sent again; an answer resets it.
	unanswered rate.Stopwatch
	outage     outage
	delays     delays
	// downloads holds a token for each download that runs.
	downloads chan struct{}
	sent      atomic.Int64
}

// DefaultRetries is the [Options].MaxRetries if none is set.
const DefaultRetries = 6

// NoRetries as [Options].MaxRetries has each request sent once.
const NoRetries = -1

// ErrBadURL is the error of [New] for a base address that a token must not be sent to.
var ErrBadURL = errors.New("the API address must be https (http only on this machine), with no user, query or fragment")

// New checks the options and makes a client. It sends nothing.
func New(s Service, o Options) (*Client, error) {
	if o.BaseURL == "" {
		o.BaseURL = s.URL
	}
	if o.MaxRetries == 0 {
		o.MaxRetries = DefaultRetries
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
	c := &Client{service: s, opts: o, base: base, downloads: make(chan struct{}, maxDownloads)}
	c.api = &http.Client{Transport: o.Transport, CheckRedirect: c.checkRedirect}
	c.files = &http.Client{Transport: o.Transport, CheckRedirect: c.checkDownloadRedirect}
	if o.Unlimited {
		return c, nil
	}
	rates := maps.Clone(s.Rates)
	maps.Copy(rates, o.Rates)
	c.limits, err = rate.New(rate.Options{Rates: rates, StateFile: o.StateFile, Service: s.Name, Log: o.Log})
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

// loopback reports whether a host is this machine. Any other name may lead here too, and is not asked for: DNS can be wrong.
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

// Limits reports how the rate classes are used now, in the order of their names. It is empty
// for an unlimited client.
func (c *Client) Limits() []rate.Status { return c.limits.Status() }

// Plan reports how many sends of a class are still to come: see [rate.Limiter.Plan].
func (c *Client) Plan(class rate.Class, sends int) { c.limits.Plan(class, sends) }

// Usage reports what the client has sent so far.
func (c *Client) Usage() Usage {
	return Usage{Requests: c.sent.Load(), Throttled: c.limits.Throttled()}
}
