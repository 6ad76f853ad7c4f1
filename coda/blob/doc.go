// Package blob finds the images, videos and attachments that the pages and cells of a Coda doc show, and fetches them.
//
// Coda stores them as blobs. A blob's id names its bytes for good: the same id is the same file, wherever it is shown. Its
// address is another matter. Whoever knows it can read the blob without a token, and it may expire; so an [Address]
// shows itself to nobody who prints it, and errors name blobs by their ids.
//
// [InPage] reads a page's HTML export (Markdown drops what was pasted), [InCell] a cell of rows that were asked for as
// valueFormat=rich, [InCover] a page of the list of pages. A [Set] puts together what a doc shows. None of them asks anybody.
//
// A [Fetcher] streams blobs. It asks Coda's blob hosts alone ([Hosts]), so that nothing that stands in a page can make it ask another one.
//
// The forms are those that users of Coda have seen; Coda describes ImageObject alone (Coda API 1.5.0, ImageUrlValue).
package blob
