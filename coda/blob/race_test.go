//go:build race

package blob_test

// raced reports whether the race detector is on: it makes everything ten times slower.
const raced = true
