// Package control is .codafs, the folder at a tree's root that tells of the tree itself: its status, what could not be read, an
// index of all files (control.go, log.go), and, for programs that back up a mount, the same tree with bytes that were fetched since a
// time (since.go). The names are in package fs.
//
// Nobody may cache what stands here: each lookup makes a new node, and the first open of a node fixes its bytes.
package control
