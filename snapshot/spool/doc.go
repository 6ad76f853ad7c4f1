// Package spool keeps more values than memory should hold: a run of a snapshot has a million files, and each of them is looked at
// a few times. A [List] gives values in the order in which they came, a [Sorted] in the order of a key. Both hold some
// mebibytes in memory, and write the rest as JSON into a file that the caller gives when it is needed; small runs write
// nothing. Values are added by one goroutine. While none is added, many may read.
package spool
