//go:build !race

package main

// raceFlag builds the program as the tests are built.
const raceFlag = "-race=false"
