// Package fs is the tree that codafs shows: a Coda workspace as folders and files.
//
// It holds what users see and rely on, whatever they read it through: which files there
// are and what they are called (name.go), what is in them (render.go, csv.go), and which
// version of its bytes a file has. [New] makes a tree over a [Source] (the few calls it
// needs of the service; *coda.Client has them) and a [Store] (where rendered contents are
// kept). The tree is read through [Dir] and [File], or through [FS] as an io/fs.FS.
//
// It knows nothing of FUSE (package mount) and writes no folders (package snapshot).
package fs
