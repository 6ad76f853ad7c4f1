package fs

import "errors"

// ErrStale is the error of [File.Open] for a version that was superseded and is no longer at hand. Look the name up
// again.
var ErrStale = errors.New("this version is no longer at hand")
