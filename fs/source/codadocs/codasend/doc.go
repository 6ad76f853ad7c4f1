// Package codasend is Coda as a service to which package outbox writes: it reads a table for the comparison, sends edits, and
// asks what became of them.
//
// Reads are made with one client and writes with another, which may have another token: reads never use the right to
// write.
package codasend
