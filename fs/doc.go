// Package fs is the tree that codafs shows: a Coda workspace as folders and files.
//
// It decides what users see and rely on, however they read it: which files there are and what they are called
// (docdir.go, pages.go, tables.go, name.go), their bytes (json.go, export.go, rows.go, csv.go), and the version of the
// bytes (version.go). How a large table is read again without reading all of it is in deltas.go. [New] makes a tree
// from a [Source] (the requests that it needs; *coda.Client implements it) and a [Store] (which keeps rendered
// contents). The tree is read through [Dir] and [File], or through [FS] as an io/fs.FS.
//
// Nodes hold no content and no lists. What is known of a doc is in its docLists (doclists.go), one for each stamp of
// the doc. A node asks the doc for its current docLists each time it is used.
//
// Locks are taken in this order: readAhead.mu, Tree.mu, doc.mu or those of pageList and tableList, docLists.mu,
// loader.mu. None of them is held during a request. doc.seenMu alone is held during calls of the Store.
//
// Package fs knows nothing of FUSE (package mount) and writes no folders (package snapshot).
package fs
