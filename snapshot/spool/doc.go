// Package spool keeps more values than memory should hold: a run of a snapshot has a million files, and each of them is
// looked at a few times. A [List] yields values in the order in which they came, a [Sorted] in the order of a key. Both
// hold some mebibytes in memory, and write the rest as JSON into a file that the caller gives when it is needed; small runs
// write nothing. Values are added by one goroutine. While none is added, many may read.
//
// What is on disk is for one process and one run: nobody reads it afterwards, so its form is not promised. A value must
// come back equal from JSON. After a failed Add (a full disk) values are missing: the caller must give up, as a list that
// is short would look like deletions. The owner closes a List or Sorted, which closes the file; to remove the file is the
// caller's.
package spool
