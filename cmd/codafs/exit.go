package main

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"strings"
	"syscall"

	"github.com/codafs/codafs/cmd/codafs/internal/term"

	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/format"
	"github.com/codafs/codafs/snapshot/sealed"
)

// Exit codes. Package snapshot/format has those of snapshots.
const (
	exitFailed = format.ExitFailed
	exitUsage  = 2
	exitToken  = format.ExitRefused
)

// usageError is a wrong call: an unknown flag, an impossible value.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// tokenError is a missing token, or a text that cannot be a token.
type tokenError struct{ why string }

func (e tokenError) Error() string { return e.why }

// exitError ends the program with a given code, which is already in a summary. err is what is still to be printed, nil
// if nothing is.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e exitError) Unwrap() error { return e.err }

// failures collects the failures of a command that goes on after one. Each is printed when it happens.
type failures struct {
	out   io.Writer
	first error
}

func (f *failures) add(err error) {
	fmt.Fprintf(f.out, "codafs: %s\n", describe(err))
	f.first = cmp.Or(f.first, err)
}

// ending returns an error that gives the command the exit code of its first failure.
func (f *failures) ending() error {
	if f.first == nil {
		return nil
	}
	return exitError{code: exitCode(f.first)}
}

// exitCode is the only place where errors become exit codes.
func exitCode(err error) int {
	if settled, ok := errors.AsType[exitError](err); ok {
		return settled.code
	}
	_, usage := errors.AsType[usageError](err)
	_, token := errors.AsType[tokenError](err)
	switch {
	case usage || errors.Is(err, rest.ErrBadURL) || errors.Is(err, sealed.ErrPolicy) || errors.Is(err, sealed.ErrSubset):
		return exitUsage
	case token || rest.CodeOf(err) == rest.CodeUnauthorized:
		return exitToken
	}
	return snapshot.ExitCode(err)
}

// describe describes an error in one line, and says what to do about it unless that is obvious.
func describe(err error) string {
	line := strings.Join(strings.Fields(err.Error()), " ")
	_, silent := errors.AsType[*rest.SilenceError](err)
	_, refused := errors.AsType[*snapshot.RefusedError](err)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	source, noSource := errors.AsType[noSourceError](err)
	_, unmounted := errors.AsType[unmountedError](err)
	switch code := rest.CodeOf(err); {
	case errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE):
		line += "; allow more open files (ulimit -n), or lower --concurrency"
	case silent:
		line += "; what is done is kept, run again to resume"
	case refused || code == rest.CodeUnauthorized:
		line = "Coda refused the token; " + makeToken
	case code == rest.CodeOffline && listsDocs(err):
		line = "nothing was fetched before with these settings: run once without --offline"
	case code == rest.CodeOffline:
		line += "; it was not fetched before with these settings: run once without --offline"
	case code == rest.CodeForbidden:
		line += "; this token may not see that (a token for one doc needs --doc ID)"
	case errors.Is(err, rest.ErrProxyPassword):
	case untrusted:
		line += "; is the clock of this machine right, and does something on the way answer in Coda's place (a company's proxy, whose certificate SSL_CERT_FILE may name)?"
	case code == rest.CodeUnreachable:
		line += "; is the network up, and --api-url right?"
	case code == rest.CodeBadAnswer || code == rest.CodeRedirect:
		line += "; is --api-url right, and is there a proxy or a sign-in page in between?"
	case unmounted:
		line += "; without a folder, 'codafs status' shows all mounts"
	case noSource && mountAbove(source.dir) != "":
		line += fmt.Sprintf("; it lies in a mount: codafs snapshot %s", term.ShellWord(mountAbove(source.dir)))
	case noSource && errors.Is(err, iofs.ErrNotExist):
		line += fmt.Sprintf("; to make the backup in that folder: codafs snapshot --output %s", term.ShellWord(source.dir))
	case errors.Is(err, snapshot.ErrNotMount):
		line += "; name the folder that 'codafs mount' shows, or none to read from Coda directly"
	case errors.Is(err, sealed.ErrPolicy):
		line += "; say what to keep, such as --keep-daily 14 --keep-monthly 12"
	case noAPI(err):
		line += "; no API of Coda is there: is --api-url right, with its path (/apis/v1)?"
	case errors.Is(err, iofs.ErrNotExist) && code != "":
		line += "; it may have been deleted, or the token may not see it"
	}
	return line
}

// noAPI reports that an address which every API of Coda has was not found.
func noAPI(err error) bool {
	e, ok := errors.AsType[*rest.Error](err)
	return ok && e.Code == rest.CodeNotFound && (e.Path == "/docs" || e.Path == "/whoami")
}

// listsDocs reports that the list of docs failed, without which there is nothing.
func listsDocs(err error) bool {
	e, ok := errors.AsType[*rest.Error](err)
	return ok && e.Path == "/docs"
}
