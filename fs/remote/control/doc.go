// Package control is .codafs, the folder at a tree's root that tells of the tree itself: its status, what could not be read,
// an index of all files (control.go, log.go), and, for programs that back up a mount, the same tree with bytes that were
// fetched since a time (since.go). The names are in package fs.
//
// Nobody may cache what stands here: each lookup makes a new node, and the first open of a node fixes its bytes. So a
// program that opens a file, stats it and reads it in parts sees one state of it, with its exact size; the next program
// sees a newer one. A node that was never opened has an estimate for a size (fs.Version.Volatile). The folder is found by
// its name and never listed, so that programs that copy or search a mount do not come upon it.
//
// What the files hold is promised to users: codafs's own commands ask a mount by them, also one of another release.
package control
