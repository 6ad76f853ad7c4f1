// Package codatext makes the bytes of Coda's files from the values that Coda sends: tables as CSV and as lines of JSON
// (rows.go), a page's lines as Markdown (plaintext.go), a file of rows with the changed ones merged in (merge.go), and files.json
// with the names of the files in it (files.go). It also says which bytes Coda computes, so that they may change without an edit (computed.go). It sends nothing, and knows no tree.
//
// The same values must give the same bytes in every release: kernels, caches and snapshots hold them under a version that
// hashes stamps, not bytes. Whoever changes a form on purpose changes fs.Rendering, or the words that a renderer's version
// begins with.
//
// All functions stream: they take an iterator and a writer, and hold one row or line at a time, but for a block of code,
// and for the changed rows of a merge, which are bounded. The error of an iterator is returned as it is; what was written
// before it is of no use.
package codatext
