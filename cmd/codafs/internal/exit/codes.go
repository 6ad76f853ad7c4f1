package exit

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/format"
	"github.com/codafs/codafs/snapshot/sealed"
)

// Exit codes that commands use by name. Package snapshot/format has those of snapshots; 'codafs help exit-codes' has all.
const (
	Failed       = format.ExitFailed  // it failed, or there is a problem
	Usage        = 2                  // a wrong call: see [UsageError]
	TokenRefused = format.ExitRefused // the token is missing or was refused
)

// Failures collects the failures of a command that goes on after one. Each is printed when it happens.
type Failures struct {
	Out   io.Writer // for the messages
	First error     // nil if there was none
}

// Add prints a failure, and keeps the first one.
func (f *Failures) Add(err error) {
	fmt.Fprintf(f.Out, "codafs: %s\n", Describe(err))
	f.First = cmp.Or(f.First, err)
}

// Err returns nil if nothing failed, else an error that gives the command the exit code of its first failure.
func (f *Failures) Err() error {
	if f.First == nil {
		return nil
	}
	return Error{Code: Code(f.First)}
}

// Code returns the exit code of an error, which is not nil.
func Code(err error) int {
	if settled, ok := errors.AsType[Error](err); ok {
		return settled.Code
	}
	_, usage := errors.AsType[UsageError](err)
	_, token := errors.AsType[TokenError](err)
	switch {
	case usage || errors.Is(err, rest.ErrBadURL) || errors.Is(err, sealed.ErrPolicy) || errors.Is(err, sealed.ErrSubset):
		return Usage
	case token || rest.CodeOf(err) == rest.CodeUnauthorized:
		return TokenRefused
	}
	return snapshot.ExitCode(err)
}
