package status

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rest"
)

// Service says whether Coda answers, and for which user. Account is the login name of the token's user; it is known if the
// state is reachable.
type Service struct {
	State   string `json:"state"` // reachable, unreachable, refused (the token) or not_asked
	Account string `json:"account,omitempty"`
	// Problem says why Coda was not asked, or did not answer.
	Problem string `json:"problem,omitempty"`
}

// The states of the service. They are promised words of the JSON. A token that is refused is an answer: the service is there.
const (
	isReachable   = "reachable"
	isUnreachable = "unreachable"
	isRefused     = "refused"
	notAsked      = "not_asked"
)

// askTime is how long 'codafs status' waits for Coda: about as long as it may wait for a mount (daemon), so that the whole
// command takes no longer.
const askTime = 3 * time.Second

// askService asks Coda whose token this is, by one request that is not sent again. Settings that are wrong, or no token, are
// a reason not to ask, which err is then; the rest of the status is shown all the same. The request takes its place in the rate limits like any
// other: if there is none within askTime, Coda was not asked, which says nothing about it.
func askService(ctx context.Context, o coda.Options, err error) Service {
	if o.Offline {
		return Service{State: notAsked, Problem: "--offline"}
	}
	// To make a token is doctor's advice; here it is one line of several.
	if _, missing := errors.AsType[exit.TokenError](err); missing {
		return Service{State: notAsked, Problem: "no API token here"}
	}
	if err != nil {
		return Service{State: notAsked, Problem: err.Error()}
	}
	// One request, since a status is asked for again by hand, or by watch(1) each second.
	o.MaxRetries, o.Outage = rest.NoRetries, rest.LeaveOutage
	o.Log = nil // what goes wrong is the status
	client, err := coda.New(o)
	if err != nil {
		return Service{State: notAsked, Problem: err.Error()}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, askTime, fmt.Errorf("no answer within %v", askTime))
	defer cancel()
	user, err := client.WhoAmI(ctx)
	switch {
	case err == nil:
		return Service{State: isReachable, Account: user.LoginID}
	// The time was up while the request waited for its place: nothing was sent, so nothing is known.
	case client.Usage().Requests == 0:
		return Service{State: notAsked, Problem: "the rate limit is used up just now"}
	case rest.CodeOf(err) == rest.CodeUnauthorized:
		return Service{State: isRefused, Problem: exit.Describe(err)}
	}
	return Service{State: isUnreachable, Problem: exit.Describe(err)}
}

// cell is the status for people. Not asked is no fault, and has no color.
func (s Service) cell() term.Cell {
	switch s.State {
	case isReachable:
		return term.Colored("reachable, as "+s.Account, term.Green)
	case isRefused:
		return term.Colored("reachable, but: "+s.Problem, term.Red)
	case notAsked:
		return term.Colored("not asked: "+s.Problem, term.NoColor)
	}
	return term.Colored("not reachable: "+s.Problem, term.Red)
}
