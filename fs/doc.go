// Package fs is the tree that codafs shows: a Coda workspace as folders and files.
//
// It holds what users see and rely on, whatever they read it through: which files there
// are and what they are called (docdir.go, pages.go, tables.go, name.go), what is in them
// (json.go, export.go, rows.go, csv.go), and which version of its bytes a file has
// (version.go). How a large table is read again without reading all of it is in deltas.go.
// [New] makes a tree over a [Source] (the few calls it needs of the service; *coda.Client has
// them) and a [Store] (where rendered contents are kept). The tree is read through [Dir] and
// [File], or through [FS] as an io/fs.FS.
//
// Nodes hold no content and no lists. What is known of a doc is in its listing (listing.go),
// one for each stamp of the doc, which nodes ask for whenever they are asked.
//
// It knows nothing of FUSE (package mount) and writes no folders (package snapshot).
package fs
