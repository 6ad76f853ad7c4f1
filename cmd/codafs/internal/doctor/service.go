package doctor

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/open"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rest"
)

// checkService checks the token, and with it the service and the clock. The error is a usage error. A request is sent again
// once at most, and an outage is not waited out: whoever calls doctor wants to know now. It shares the rate limits with all
// other processes of the account; a pause that would outlast it is a finding.
func (d *Options) checkService(ctx context.Context) (found []finding, err error) {
	if err := d.DemoBesideToken(); err != nil {
		return nil, err
	}
	if !d.Demo {
		source, odd := d.checkToken()
		found = append(found, odd...)
		if source.State == isProblem {
			return append(found, source), nil
		}
	}
	if d.Offline {
		return append(found, finding{"api", isOK, "not asked (--offline)", ""}), nil
	}
	log, err := d.Logger(term.Streams{Err: io.Discard})
	if err != nil {
		return nil, err
	}
	o, err := open.ClientOptions(&d.Settings, term.Streams{Err: io.Discard}, log)
	if err != nil {
		return nil, err
	}
	// Messages are dropped: a finding says the same, and a log line between the findings would look like one.
	watch := &clockWatch{next: cmp.Or[http.RoundTripper](o.Transport, rest.NewTransport())}
	// One more try, for a connection that broke by chance; whoever waits for the line of a check wants no ten.
	o.Transport, o.MaxRetries, o.Outage = watch, 1, rest.LeaveOutage
	client, err := coda.New(o)
	if err != nil {
		return nil, err
	}
	if f, ok := checkPause(client); ok {
		return append(found, f), nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, doctorTime, fmt.Errorf("no answer within %v", doctorTime))
	defer cancel()
	return append(found, d.ask(ctx, client, watch)...), nil
}

// checkPause reports a pause of the rate limits that is longer than doctorTime: one request waits for its end, so all other
// checks would only run out of time. The pause may be one that another process of the account met.
func checkPause(client *coda.Client) (finding, bool) {
	for _, b := range client.Limits() {
		if b.PausedUntil.After(time.Now().Add(doctorTime)) {
			return finding{"api", isProblem, fmt.Sprintf("Coda asked for a pause until %s: too many requests (%s)", term.Clock(b.PausedUntil), b.Class),
				"run doctor again then; codafs status shows what all processes of this account send"}, true
		}
	}
	return finding{}, false
}

// checkToken finds the token. Oddities are returned as separate findings. A source that is ok has no text yet: whose token it
// is, the service says.
func (d *Options) checkToken() (source finding, odd []finding) {
	_, err := config.FindToken(d.TokenFile, func(line string) { odd = append(odd, finding{"token", isWarning, line, ""}) })
	if err != nil {
		return finding{"token", isProblem, err.Error(), ""}, odd
	}
	return finding{State: isOK}, odd
}

// ask asks the service whose token it is and what it may see. It asks for the user, then for the
// docs, then exports one page of theirs; it ends early if the token is refused or nothing answers. The time in "answers
// within" is that of the first request, with the connection and a wait for the rate limit in it.
func (d *Options) ask(ctx context.Context, client *coda.Client, clock *clockWatch) (found []finding) {
	started := time.Now()
	user, err := client.WhoAmI(ctx)
	took := time.Since(started)
	switch {
	case rest.CodeOf(err) == rest.CodeUnauthorized:
		found = append(found, finding{"token", isProblem, "Coda refuses the one in " + d.TokenOrigin(), exit.MakeToken})
	case err != nil:
		if f, ok := checkPause(client); ok {
			return append(found, f)
		}
		return append(found, finding{"api", isProblem, exit.Describe(err), ""})
	default:
		whose := fmt.Sprintf("%s (the token %q of %s)", d.TokenOrigin(), user.TokenName, user.LoginID)
		scope, docs := d.checkScope(ctx, client, user.Scoped)
		found = append(found, finding{"token", isOK, whose, ""}, scope)
		if f, ok := checkExport(ctx, client, docs); ok {
			found = append(found, f)
		}
	}
	// A token that is refused is an answer: the way to Coda and the clock are known all the same.
	found = append(found, finding{"api", isOK, fmt.Sprintf("%s answers within %v", d.BaseURL(), max(took, time.Millisecond).Round(time.Millisecond)), ""})
	if c, ok := clock.finding(); ok {
		found = append(found, c)
	}
	return found
}

// checkScope reports what the token may do, and which docs it sees. The service only says that a token is restricted
// (Coda API 1.5.0, whoami: scoped), not how. Whether docs can be listed says more: a token for single docs gets 403. Whether it
// may write is seen when a page is exported: see checkExport. All docs are listed, as a mount would; it takes one request for
// each page of the list.
func (d *Options) checkScope(ctx context.Context, client *coda.Client, restricted bool) (finding, []coda.Doc) {
	var docs []coda.Doc
	var err error
	for doc, e := range client.Docs(ctx, coda.DocFilter{OwnedOnly: !d.Selection.IncludeShared, WorkspaceID: d.Selection.WorkspaceID}) {
		if err = e; err != nil {
			break
		}
		docs = append(docs, doc)
	}
	const check = "scope"
	switch {
	case rest.CodeOf(err) == rest.CodeForbidden && len(d.Selection.Docs) > 0:
		return finding{check, isOK, "the token is for single docs, and --doc names some", ""}, namedDocs(ctx, client, d.Selection.Docs)
	case rest.CodeOf(err) == rest.CodeForbidden:
		return finding{check, isWarning, "the token is for single docs: it may not list them", "name them with --doc, by id or link"}, nil
	case err != nil:
		return finding{check, isProblem, exit.Describe(err), ""}, nil
	// Coda lists only docs that the user has opened at least once (Coda API 1.5.0, listDocs).
	case len(docs) == 0:
		return finding{check, isWarning, "the token sees no doc that its user owns; a service account hardly ever owns one",
			"--include-shared shows those of others; Coda lists a doc once it was opened in a browser"}, nil
	case restricted:
		return finding{check, isOK, fmt.Sprintf("%d docs; the token is restricted, to some docs or to reading", len(docs)), ""}, docs
	}
	return finding{check, isOK, fmt.Sprintf("%d docs; the token may do all that its user may", len(docs)), ""}, docs
}

// clockWatch measures how far this machine's clock is from the service's, by the Date of its answers. It stands between
// the client and the network, so that no request is sent for the clock alone. It may be used by several goroutines.
type clockWatch struct {
	next http.RoundTripper

	mu    sync.Mutex // guards both below
	known bool
	skew  time.Duration // above 0 if this machine's is ahead
}

// RoundTrip implements [http.RoundTripper].
func (c *clockWatch) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := c.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	// The newest answer counts.
	if at, dateErr := http.ParseTime(answer.Header.Get("Date")); dateErr == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.known, c.skew = true, time.Since(at).Truncate(time.Second)
	}
	return answer, nil
}

// maxSkew is how far the clocks may be apart. What was changed within the last ten minutes (fs.Youth) is fetched once more:
// with an error of a few minutes that rule misses edits. The Date is in whole seconds, and older by the way of the answer.
const maxSkew = time.Minute

// finding reports on the clock, if an answer had a date.
func (c *clockWatch) finding() (finding, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !c.known:
		return finding{}, false
	case c.skew.Abs() > maxSkew:
		return finding{"clock", isWarning, fmt.Sprintf("%v away from Coda's: edits may be missed for a while", c.skew.Abs()),
			"set the clock by the network: timedatectl set-ntp true"}, true
	}
	return finding{"clock", isOK, fmt.Sprintf("within %v of Coda's", maxSkew), ""}, true
}
