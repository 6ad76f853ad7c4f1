// Package status collects what 'codafs status' shows: whether the service answers, the last good backup, the mounts of this
// user, the cache, and how far the rate limits are used.
//
// [Collect] sends one request at most, none with --offline. What cannot be read says so in its own part of the [Status]:
// nobody asks for a status when all is well. [OfCache] is the part that 'codafs cache' shows, too.
//
// It needs neither FUSE nor a token nor a cache, and makes none of what is missing. The types of this package are the form of
// the JSON output: fields may be added, and none changes its name or its unit. Ages and margins are in seconds.
package status
