// Package fs says what a tree of folders and files is, for all who show one (package mount), copy one (package snapshot) or
// make one (fs/remote, and the sources in fs/source). It has the words that they share, and imports nothing of codafs:
//
//   - [Dir] and [File], the nodes; [Version], [Content] and [Store], what a file's bytes are (tree.go, version.go);
//   - [Object], [Entry] and [Failure], what is known of a node or of a gap (entry.go, codes.go);
//   - names that all file systems take, and that stay the same while siblings come and go (name.go);
//   - the paths in .codafs, and the content of its status.json (status.go);
//   - [FS], a tree as package io/fs sees it (iofs.go).
//
// The one sentence that all else rests on: a [Version] names bytes that never change.
package fs
