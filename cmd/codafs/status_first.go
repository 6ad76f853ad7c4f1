package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/backup"
	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/open"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/snapshot/format"
)

// serviceStatus says whether Coda answers, and for which user.
type serviceStatus struct {
	State   string `json:"state"` // reachable, unreachable, refused (the token) or not_asked
	Account string `json:"account,omitempty"`
	// Problem says why Coda was not asked, or did not answer.
	Problem string `json:"problem,omitempty"`
}

const (
	isReachable   = "reachable"
	isUnreachable = "unreachable"
	isRefused     = "refused"
	notAsked      = "not_asked"
)

// askTime is how long 'codafs status' waits for Coda.
const askTime = 3 * time.Second

// service asks Coda whose token this is.
func askService(ctx context.Context, s *config.Settings) serviceStatus {
	if s.Offline {
		return serviceStatus{State: notAsked, Problem: "--offline"}
	}
	log, err := s.Logger(term.Streams{Err: io.Discard})
	if err != nil {
		return serviceStatus{State: notAsked, Problem: err.Error()}
	}
	o, err := open.ClientOptions(s, term.Streams{Err: io.Discard}, log)
	if _, missing := errors.AsType[exit.TokenError](err); missing {
		return serviceStatus{State: notAsked, Problem: "no API token here"}
	}
	if err != nil {
		return serviceStatus{State: notAsked, Problem: err.Error()}
	}
	o.MaxRetries, o.Outage = rest.NoRetries, rest.LeaveOutage
	client, err := coda.New(o)
	if err != nil {
		return serviceStatus{State: notAsked, Problem: err.Error()}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, askTime, fmt.Errorf("no answer within %v", askTime))
	defer cancel()
	user, err := client.WhoAmI(ctx)
	switch {
	case err == nil:
		return serviceStatus{State: isReachable, Account: user.LoginID}
	case client.Usage().Requests == 0:
		return serviceStatus{State: notAsked, Problem: "the rate limit is used up just now"}
	case rest.CodeOf(err) == rest.CodeUnauthorized:
		return serviceStatus{State: isRefused, Problem: exit.Describe(err)}
	}
	return serviceStatus{State: isUnreachable, Problem: exit.Describe(err)}
}

// cell is the status for people.
func (s serviceStatus) cell() term.Cell {
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

// backupStatus is the last good backup in the output folder.
type backupStatus struct {
	Folder string `json:"folder"`
	// All other fields are absent if there is none.
	ID         string        `json:"id,omitempty"`
	Result     format.Result `json:"result,omitempty"`
	FinishedAt time.Time     `json:"finished_at,omitzero"`
	AgeSeconds int64         `json:"age_seconds,omitempty"`
	Problem    string        `json:"problem,omitempty"`
}

func lastBackup(folder string, now time.Time) backupStatus {
	s := backupStatus{Folder: folder}
	b, err := backup.ReadOutput(folder)
	if err != nil {
		s.Problem = err.Error()
	}
	if b.Good != nil {
		good := b.Good.Summary
		s.ID, s.Result, s.FinishedAt, s.AgeSeconds = b.Good.ID, good.Result, good.FinishedAt, int64(b.Age(now).Seconds())
	}
	return s
}

// cell is the status for people.
func (s backupStatus) cell() term.Cell {
	switch {
	case s.Problem != "":
		return term.Colored(s.Problem, term.Red)
	case s.ID == "":
		return term.Colored("none in "+s.Folder, term.Yellow)
	}
	age := time.Duration(s.AgeSeconds) * time.Second
	c := term.Colored(fmt.Sprintf("%s ago (%s, %s) in %s", term.FormatAge(age), s.FinishedAt.Local().Format(term.DateTimeZone), s.Result, s.Folder), term.Green)
	if age > backup.OldAfter {
		c.Color = term.Yellow
	}
	return c
}
