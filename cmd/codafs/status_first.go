package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/codafs/codafs/coda"
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
func (s *settings) service(ctx context.Context) serviceStatus {
	if s.offline {
		return serviceStatus{State: notAsked, Problem: "--offline"}
	}
	log, err := s.logger(streams{err: io.Discard})
	if err != nil {
		return serviceStatus{State: notAsked, Problem: err.Error()}
	}
	o, err := s.clientOptions(streams{err: io.Discard}, log)
	if _, missing := errors.AsType[tokenError](err); missing {
		return serviceStatus{State: notAsked, Problem: "no API token here"}
	}
	if err != nil {
		return serviceStatus{State: notAsked, Problem: err.Error()}
	}
	o.MaxRetries, o.Outage = coda.NoRetries, coda.LeaveOutage
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
	case coda.CodeOf(err) == coda.CodeUnauthorized:
		return serviceStatus{State: isRefused, Problem: describe(err)}
	}
	return serviceStatus{State: isUnreachable, Problem: describe(err)}
}

// cell is the status for people.
func (s serviceStatus) cell() cell {
	switch s.State {
	case isReachable:
		return cell{"reachable, as " + s.Account, green}
	case isRefused:
		return cell{"reachable, but: " + s.Problem, red}
	case notAsked:
		return cell{"not asked: " + s.Problem, noColor}
	}
	return cell{"not reachable: " + s.Problem, red}
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
	b, err := backupsIn(folder)
	if err != nil {
		s.Problem = err.Error()
	}
	if b.good != nil {
		good := b.good.Summary
		s.ID, s.Result, s.FinishedAt, s.AgeSeconds = b.good.ID, good.Result, good.FinishedAt, int64(b.age(now).Seconds())
	}
	return s
}

// cell is the status for people.
func (s backupStatus) cell() cell {
	switch {
	case s.Problem != "":
		return cell{s.Problem, red}
	case s.ID == "":
		return cell{"none in " + s.Folder, yellow}
	}
	age := time.Duration(s.AgeSeconds) * time.Second
	c := cell{fmt.Sprintf("%s ago (%s, %s) in %s", formatAge(age), s.FinishedAt.Local().Format(dateTimeZone), s.Result, s.Folder), green}
	if age > oldBackup {
		c.color = yellow
	}
	return c
}
