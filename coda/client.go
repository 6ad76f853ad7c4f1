package coda

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/codafs/codafs/coda/rate"
	"github.com/codafs/codafs/coda/rest"
)

// DefaultURL is the API's base address.
const DefaultURL = "https://coda.io/apis/v1"

// service describes Coda.
var service = rest.Service{
	Name:    "Coda",
	URL:     DefaultURL,
	Hosts:   []string{"coda.io", "docs.superhuman.com"},
	Rates:   DefaultRates,
	Message: messageIn,
	Probe:   get("whoami").Request,
}

// Options say how a client behaves. The zero value of each but Token is a good default. What [rest.Options] has too is
// described there.
type Options struct {
	// BaseURL is the API's address with its path; "" is [DefaultURL].
	BaseURL string
	// Token is sent to BaseURL's host and to no other, coda.io and docs.superhuman.com apart: they are one service.
	Token     string
	UserAgent string
	Transport http.RoundTripper
	// Rates replaces entries of [DefaultRates].
	Rates map[rate.Class]rate.Rate
	// StateFile is the path of a small file through which the processes of one account on one
	// machine share their rate buckets; a lock file lies beside it, and a folder that holds a file for each
	// page that is being exported. Empty: this process is alone.
	StateFile    string
	Unlimited    bool
	MaxRetries   int
	Outage       rest.Outage
	ShowsOutages bool
	Offline      bool
	Log          *slog.Logger
	// ExportTimeout bounds one page's export; 0 means 2 minutes.
	ExportTimeout time.Duration
	// StrictLatest asks for the newest state of a doc or an error ('X-Coda-Doc-Version: latest').
	StrictLatest bool
}

// Client asks Coda with one token. It is safe for concurrent use. What it waits for and how it uses its rates, the methods of
// [rest.Client] tell; [rest.Client.Do] sends requests that this package has no method for.
type Client struct {
	*rest.Client
	opts  Options
	polls *pollTimes
	pages *pageLocks
}

// New checks the options and makes a client. It sends nothing.
func New(o Options) (*Client, error) {
	if o.MaxRetries == 0 {
		o.MaxRetries = rest.DefaultRetries
	}
	if o.ExportTimeout == 0 {
		o.ExportTimeout = 2 * time.Minute
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	sender, err := rest.New(service, rest.Options{
		BaseURL: o.BaseURL, Token: o.Token, UserAgent: o.UserAgent, Transport: o.Transport, Rates: o.Rates, StateFile: o.StateFile,
		Unlimited: o.Unlimited, MaxRetries: o.MaxRetries, Outage: o.Outage, ShowsOutages: o.ShowsOutages, Offline: o.Offline, Log: o.Log,
	})
	if err != nil {
		return nil, err
	}
	c := &Client{Client: sender, opts: o, polls: newPollTimes(firstPoll), pages: newPageLocks(o)}
	if o.Unlimited {
		c.polls = newPollTimes(minPollGap) // polls are free
	}
	return c, nil
}

// messageIn is the explanation in Coda's envelope for errors, "" if b is something else.
func messageIn(b []byte) string {
	var envelope struct {
		Message string `json:"message"`
	}
	_ = json.Unmarshal(b, &envelope) // an answer of a proxy has none
	return envelope.Message
}

// request is a call of Coda's API.
type request struct {
	rest.Request
	rows bool // lists rows
	// anyVersion has it answered from a doc's state of any age.
	anyVersion bool
}

func get(path ...string) request {
	return request{Request: rest.Request{Class: ClassRead, Method: http.MethodGet, Path: path}}
}

// do sends r until it succeeds or the retries are used up, and passes the answer to decode.
func (c *Client) do(ctx context.Context, r request, decode func([]byte) error) error {
	if c.strict(r) {
		return c.doLatest(ctx, r, decode)
	}
	return c.doOnce(ctx, r, decode)
}

// doOnce is do without waiting for a doc's newest state.
func (c *Client) doOnce(ctx context.Context, r request, decode func([]byte) error) error {
	if c.strict(r) {
		r.Header = http.Header{versionHeader: {"latest"}}
	}
	return c.Do(ctx, r.Request, decode)
}
