// Package format is what a snapshot looks like on disk: the records beside its files, as Go types, and what reads and writes
// them. It opens no file and knows no run: bytes come in and go out. Begin with [Manifest] (manifest.go) and [File]
// (file.go).
//
// A snapshot has three records beside the folder docs/:
//
//   - manifest.json, a [Manifest]: every file with its object, version, size and SHA-256, and every gap. Its first part is a
//     [Head], which can be read without the rest. Two runs of one [Head.Series] may be compared with each other.
//   - summary.json, a [Summary]: how the run went, in numbers, with the program's exit code ([ExitComplete] and others).
//   - SHA256SUMS ([WriteSum]): the hashes of all files but itself, for sha256sum -c.
//
// Paths are slash-separated, from the snapshot's root; sizes are bytes; times are UTC, those of runs in whole milliseconds
// ([Stamp]). A file is known across snapshots by its object and its kind ([Key]), not by its path.
//
// All this is promised across versions: fields may be added, and none is renamed, removed or given another meaning. Lists
// are sorted, so that the same tree gives the same bytes. What is read is not trusted: see [CheckPath].
package format
