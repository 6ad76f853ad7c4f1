//go:build !race

package coda_test

// raced is set with the race detector. It slows long loops down most, and sees as much in shorter ones.
const raced = false
