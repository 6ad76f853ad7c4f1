package rate

import "time"

// Class is a rate class: each has a bucket of its own.
type Class string

// Rate is N requests in each window of length Per.
type Rate struct {
	N   int
	Per time.Duration
}

// MaxN bounds a rate's N, for each of which a bucket keeps a time.
const MaxN = 1_000_000

// Valid reports whether a bucket can keep to the rate.
func (r Rate) Valid() bool { return 0 < r.N && r.N <= MaxN && r.Per > 0 }

// MaxPause bounds the pause that a 429 brings. A clock that is wrong, or a proxy that exaggerates, must not stop all
// processes of an account for hours: after it, one request goes as a probe.
const MaxPause = 2 * time.Minute
