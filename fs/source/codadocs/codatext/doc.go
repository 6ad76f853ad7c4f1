// Package codatext makes the bytes of Coda's files from the values that Coda sends: tables as CSV and as lines of JSON (rows.go),
// a page's lines as Markdown (plaintext.go), and a file of rows with the changed ones merged in (merge.go). It sends nothing,
// and knows no tree.
package codatext
