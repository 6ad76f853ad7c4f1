// Package render writes what a service sent as the files that the tree shows: JSON as it was sent, but indented, and tables
// as CSV. It knows no service and no tree.
//
// What is written is the same for the same values, byte for byte: contents are compared by their hash, and a file that is
// rendered again must not look changed.
package render
