// Package keys knows what the keys of a tree in its Store stand for. A key is the account, a kind, the id of a unit, an id and a version,
// with slashes between them (package remote makes them).
package keys

import (
	"slices"
	"strings"
)

// EvictLast reports whether what a Store has under a key should be the last that it lets go of: the newest version of a list, or what was
// seen of bytes. These are small, and without them a tree has no names, or needless new times.
func EvictLast(key string) bool {
	return is(key, "/last-", "/seen-", "/first-seen-", "/columns-since/")
}

// Undated reports whether nobody asks when what a Store has under a key was fetched: that of a list is only whether it is there.
func Undated(key string) bool { return is(key, "/list-", "/last-") }

func is(key string, kinds ...string) bool {
	return slices.ContainsFunc(kinds, func(kind string) bool { return strings.Contains(key, kind) })
}
