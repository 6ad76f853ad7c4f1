package exit_test

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/sealed"
)

// 'codafs help exit-codes' promises these numbers.
func TestExitCodes(t *testing.T) {
	for want, errs := range map[int][]error{
		1:   {errors.New("any"), exit.Error{Code: 1}},
		2:   {exit.Usagef("--x: want y"), fmt.Errorf("configuration: %w", exit.Usagef("x")), sealed.ErrPolicy, rest.ErrBadURL},
		4:   {exit.TokenError{Why: "none"}, &rest.Error{Code: rest.CodeUnauthorized}},
		10:  {snapshot.ErrNotMount, exit.WithHint(snapshot.ErrNotMount, "name another")},
		13:  {exit.Error{Code: 13, Err: exit.Usagef("a settled code stays")}},
		130: {exit.SignalError{Signal: syscall.SIGINT}},
		143: {fmt.Errorf("stopped: %w", exit.SignalError{Signal: syscall.SIGTERM})},
	} {
		for _, err := range errs {
			if got := exit.Code(err); got != want {
				t.Errorf("%v: %d, want %d", err, got, want)
			}
		}
	}
}

// Advice is for the line that is printed, and one line it is; the error's own text, which a summary has, stays.
func TestAHintIsForPeople(t *testing.T) {
	err := exit.WithHint(errors.New("no such\n  folder"), "make it")
	if got := exit.Describe(err); got != "no such folder; make it" {
		t.Errorf("described as %q", got)
	}
	if strings.Contains(err.Error(), "make it") {
		t.Errorf("the error is %q", err)
	}
}

func TestTheFirstFailureCounts(t *testing.T) {
	var out strings.Builder
	f := exit.Failures{Out: &out}
	if err := f.Err(); err != nil {
		t.Errorf("without a failure: %v", err)
	}
	f.Add(exit.TokenError{Why: "no token"})
	f.Add(errors.New("another"))
	if got := exit.Code(f.Err()); got != exit.TokenRefused || exit.Describe(f.Err()) != "" {
		t.Errorf("exit code %d, and %q is still to be printed", got, exit.Describe(f.Err()))
	}
	if want := "codafs: no token\ncodafs: another\n"; out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
}
