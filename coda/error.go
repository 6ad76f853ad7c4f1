package coda

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"net/http"
	"strings"
	"time"
)

// Code says in one word what went wrong. The words are promised: they stand in manifests.
type Code string

const (
	CodeBadRequest    Code = "bad_request"
	CodeUnauthorized  Code = "unauthorized" // the token was refused
	CodeForbidden     Code = "forbidden"
	CodeNotFound      Code = "not_found"
	CodeGone          Code = "gone"
	CodeRateLimited   Code = "rate_limited"
	CodeServerError   Code = "server_error"    // also of other answers that may pass, such as 408 and 423
	CodeUnreachable   Code = "unreachable"     // no answer, or a broken one
	CodeOffline       Code = "offline"         // nothing may be sent
	CodeBadAnswer     Code = "bad_answer"      // an answer that is not what the API sends
	CodePageTokenLoop Code = "page_token_loop" // a list that would never end
	CodeListMoved     Code = "list_moved"      // a list that changed while it was read; read it again
	CodeStaleDoc      Code = "stale_doc"       // the API's copy of the doc lags behind ([Options.StrictLatest])
	CodeRedirect      Code = "redirect"        // sent on to a host that must not have the token
	CodeTooLarge      Code = "too_large"       // an answer over this client's limit
	// CodeExportRefused is a 403 at the start of an export: the token is read-only, or may not export that page.
	CodeExportRefused Code = "export_refused"
	CodeExportFailed  Code = "export_failed"
	CodeExportTimeout Code = "export_timeout"
)

// Error is a request that failed for good. It holds neither the token nor a download link.
//
// [errors.Is] knows a 404 and a 410 as [iofs.ErrNotExist], a 401 and a 403 as [iofs.ErrPermission].
type Error struct {
	Code   Code
	Method string
	Path   string // escaped, below the API's base address, without query
	// Status is the HTTP status of the last answer, 0 if there was none.
	Status int
	// Message is the service's own explanation, if it gave one, else perhaps this client's. It
	// is one line.
	Message string
	// Attempts is how often the request was sent (of an export that took too long: how often it was asked for);
	// 0 for one that could not be.
	Attempts int
	// RetryAfter is how long the service asked to wait, 0 if it did not.
	RetryAfter time.Duration
	// Err is what lies below, if anything does.
	Err error
	// last marks one that would come again, whatever its Code says.
	last bool
	// noWay marks one that got no connection to the service.
	noWay bool
	// tooMuch marks a 504, or an answer that is too large, of a request that may be split.
	tooMuch bool
}

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

// Unwrap gives what lies below.
func (e *Error) Unwrap() error { return e.Err }

// Is tells missing objects and refused access to those who know only package io/fs.
func (e *Error) Is(target error) bool {
	switch target {
	case iofs.ErrNotExist:
		return e.Code == CodeNotFound || e.Code == CodeGone
	case iofs.ErrPermission:
		return e.Code == CodeUnauthorized || e.Code == CodeForbidden || e.Code == CodeExportRefused
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
