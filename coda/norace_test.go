//go:build !race

package coda_test

// raced is set with the race detector, which slows simulations down most, and sees as much in fewer runs.
const raced = false
