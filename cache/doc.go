// Package cache keeps contents by key, in files that processes share, or in memory, and
// fetches each content once for all who wait for it.
//
// A [Disk] is a folder in the manner of Go's build cache; a [Memory] is the same without a
// folder. Both have Get: it returns the [Content] kept under a key, and if there is none
// it has a [Fill] write it. A key names bytes that do not change (an object and its
// version), so nothing is ever invalidated: what is new has a new key.
//
// Of what is kept nothing is trusted. A file that is torn, foreign or damaged counts as
// absent and is filled again; no wrong byte is served. README.md has the format on disk
// and the reasons.
//
// Where to read on: [Flight] is the shared fetch, without any storage; share.go is Get and
// Put over it; spool.go takes what a fill writes; files.go and entry.go are the two kinds
// of file; trim.go keeps the byte limit.
package cache
