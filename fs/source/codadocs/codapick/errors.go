package codapick

import (
	"fmt"
	iofs "io/fs"
)

// NoSuchDocError says that a selector matches no doc. It is an [iofs.ErrNotExist], as the service's own answer for an id is.
type NoSuchDocError struct {
	Meant string // what [DidYouMean] suggests
}

// Error says what may help.
func (e NoSuchDocError) Error() string {
	return "none that you own has this id or name; --include-shared adds those of others that you have opened" + e.Meant
}

// Is implements the method that [errors.Is] looks for.
func (NoSuchDocError) Is(target error) bool { return target == iofs.ErrNotExist }

// NoDocError says that none of the selected docs could be found: a wrong selection, or a token that may see none of them.
type NoDocError struct {
	Selector string // the first
	Err      error  // why it found nothing
}

// Error names the selector and the reason.
func (e *NoDocError) Error() string { return fmt.Sprintf("no doc for %q: %v", e.Selector, e.Err) }

// Unwrap returns the reason.
func (e *NoDocError) Unwrap() error { return e.Err }
