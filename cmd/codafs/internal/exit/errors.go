package exit

import "fmt"

// UsageError is a wrong call: an unknown flag, an impossible value.
type UsageError struct{ Err error }

// Error implements error.
func (e UsageError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong.
func (e UsageError) Unwrap() error { return e.Err }

// Usagef returns a usage error with a text; see [fmt.Errorf].
func Usagef(format string, args ...any) error { return UsageError{fmt.Errorf(format, args...)} }

// TokenError is a missing token, or a text that cannot be a token.
type TokenError struct{ Why string }

// Error implements error. It never has the text that was to be a token.
func (e TokenError) Error() string { return e.Why }

// hintedError is an error that its source says what to do about.
type hintedError struct {
	err error
	do  string
}

func (e hintedError) Error() string { return e.err.Error() }
func (e hintedError) Unwrap() error { return e.err }

// WithHint adds to an error what to do about it, for [Describe]. The error's own text stays as it is.
func WithHint(err error, do string) error { return hintedError{err, do} }

// Error ends the program with a given code, which is already in a summary.
type Error struct {
	Code int
	Err  error // what is still to be printed, nil if nothing is
}

// Error implements error; "" means that nothing is to be printed.
func (e Error) Error() string {
	if e.Err == nil {
		return ""
	}
	return e.Err.Error()
}

// Unwrap returns what is still to be printed, or nil.
func (e Error) Unwrap() error { return e.Err }
