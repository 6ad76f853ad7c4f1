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
//
// What it costs, in requests: the list of docs one for each page of it, at each refresh; a doc that moved five (pages,
// tables, formulas, controls, permissions), each when it is first needed; a table or view two (its own object and its
// columns), and a page those of the tables on it, when its stamps are asked for; a page's text three at least (start,
// status, download), a table one for each 500 rows, a formula or control one for its value. A doc that did not move costs
// none, however often it is read.
//
// Locks: pageList.mu and tableList.mu guard the folders that are made of a list, docSurvey.mu what an index collects. They are
// held for a short time and never during a request or a call of the machinery that may load a list. What else changes is in
// load.Right and in the machinery's own types.
package codadocs
