// Package codadocs is the source of Coda's docs: the tree that codafs shows unless it is told of another. [New] makes it
// from an [API] (the requests that it needs; *coda.Client implements it) and a store.
//
// It decides which docs and files there are (selection.go, docs.go, pages.go, tables.go, objects.go), and how their bytes are
// made: pages by an export, or line by line for a token that may not export (export.go, exports.go); tables
// row by row (rows.go), and a large one without reading all of it again (deltas.go). What a selection means is the work of
// package codapick, the bytes themselves that of package codatext. All that lasts between two requests is the machinery's, in
// package remote.
//
// A doc's lists are described in one place each: pageLists, tableLists, columnLists and so on say how a list is requested and
// what is made of it. What a page or table shows goes into its version: the stamps of all objects that it contains, as the
// service moves the stamp of a table and not that of the page that shows it.
package codadocs
