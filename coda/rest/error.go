package rest

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"net/http"
	"strings"
	"time"
)

// Code says in one word what went wrong. The words are promised: they stand in manifests. A service's package may have
// more of them.
type Code string

// The codes that all services share.

const (
	CodeBadRequest   Code = "bad_request"  // the service, or this client, refuses what was asked
	CodeUnauthorized Code = "unauthorized" // the token was refused
	CodeForbidden    Code = "forbidden"    // the token may not
	CodeNotFound     Code = "not_found"    // not there, or not for this token
	CodeGone         Code = "gone"         // deleted
	CodeRateLimited  Code = "rate_limited" // too many requests
	CodeServerError  Code = "server_error" // also of other answers that may pass, such as 408 and 423
	CodeUnreachable  Code = "unreachable"  // no answer, or a broken one
	CodeOffline      Code = "offline"      // nothing may be sent ([Options.Offline])
	CodeBadAnswer    Code = "bad_answer"   // an answer that is not what the service sends
	CodeRedirect     Code = "redirect"     // sent on to a host that must not have the token
	CodeTooLarge     Code = "too_large"    // an answer over this client's limit
)

// Error is a request that failed for good. It holds neither the token nor a download link.
//
// [errors.Is] knows a 404 and a 410 as [iofs.ErrNotExist], a 401 and a 403 as [iofs.ErrPermission], by their Codes.
type Error struct {
	Code   Code
	Method string
	Path   string // escaped, below the base address, without query
	// Status is the HTTP status of the last answer, 0 if there was none.
	Status int
	// Message is the service's own explanation, if it gave one, else perhaps this client's. It
	// is one line.
	Message string
	// Attempts is how often the request was sent; 0 for one that could not be.
	Attempts int
	// RetryAfter is how long the service asked to wait, 0 if it did not.
	RetryAfter time.Duration
	// Err is the cause, if there is one.
	Err error
	// Sentinel is what [errors.Is] knows it as, such as [iofs.ErrPermission], for a Code of a service's own.
	Sentinel error
	// Final marks one that would come again, whatever its Code says.
	Final bool
	// Unsure marks one of a request that is to be carried out once ([Request.Once]): nobody knows whether it was. The end of
	// the caller's context, which is no Error, leaves that open too.
	Unsure bool
	// noWay marks one that got no connection to the service.
	noWay bool
	// fewRetries marks one that is worth less patience than others of its Code.
	fewRetries bool
}

// Error names the request, what became of it and why, in one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: ", e.Method, e.Path)
	switch {
	case e.Status != 0:
		b.WriteString(strings.TrimSpace(fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))))
	default:
		b.WriteString(strings.ReplaceAll(string(e.Code), "_", " "))
	}
	if e.Message != "" && e.Message != http.StatusText(e.Status) {
		fmt.Fprintf(&b, ": %s", e.Message)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.RetryAfter > maxRetryAfter {
		fmt.Fprintf(&b, " (asks to wait %v)", e.RetryAfter.Round(time.Second))
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, " (sent %d times)", e.Attempts)
	}
	return b.String()
}

// unheard reports that the service surely did not carry out the request: it refused it, or never got it.
func (e *Error) unheard() bool {
	refused := e.Status >= 400 && e.Status < 500 && e.Status != http.StatusRequestTimeout
	return e.noWay || refused || e.Status == 0 && (e.Code != CodeUnreachable || lasting(e.Err))
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is tells missing objects and refused access to those who know only package io/fs. It implements the method that
// [errors.Is] looks for.
func (e *Error) Is(target error) bool {
	switch {
	case e.Sentinel != nil:
		return target == e.Sentinel
	case e.Code == CodeNotFound || e.Code == CodeGone:
		return target == iofs.ErrNotExist
	case e.Code == CodeUnauthorized || e.Code == CodeForbidden:
		return target == iofs.ErrPermission
	}
	return false
}

// CodeOf is the code of the first [Error] in err's chain, "" if there is none.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}
