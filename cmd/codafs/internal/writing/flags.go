package writing

import (
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/fs/edit/outbox"
)

// Check refuses flags that contradict each other.
func (f *Flags) Check() error {
	switch {
	case f.Mine && f.Theirs:
		return exit.Usagef("--mine and --theirs are both given: which cells shall stay?")
	case f.MaxDelete != "" && !f.Delete:
		return exit.Usagef("--max-delete does nothing without --delete")
	}
	return nil
}

// Exit codes of the writing commands, beside those that all commands have.
const (
	exitRejected = 2
	exitHeld     = 6 // held, in conflict, or in doubt: nothing is lost
	exitChanges  = 7 // plan --exit-code: there is something to send
)

// PlanCode is the exit code of plan.
func (f *Flags) PlanCode(plans []*outbox.Plan) (code int) {
	for _, p := range plans {
		switch {
		case len(p.Problems) > 0:
			return exitRejected
		case !f.ExitCode:
		case len(p.Held) > 0:
			code = exitHeld
		case len(p.Edits) > 0 && code == 0:
			code = exitChanges
		}
	}
	return code
}
