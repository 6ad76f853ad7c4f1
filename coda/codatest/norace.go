//go:build !race

package codatest

// longPage is how long a page of [Hostile] is, in bytes: a tenth under the race detector, which makes each byte a hundred times slower.
const longPage = 3 << 20
