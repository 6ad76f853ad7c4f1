// Package sealed works on finished snapshots: it lists them ([List]), checks that they are as they were sealed ([Verify]),
// compares two ([Diff]) and removes those that a policy does not keep ([Prune]). It asks no service and needs none: what a
// snapshot is, its own records say (package format). All that touches the disk goes through package folder.
//
// A file is known by its object, not by its path: Diff finds what was renamed, and a failure ([Gaps]) explains what is missing,
// so that a bad night does not look like a deletion. Whether a file is as it was sealed, its SHA-256 says: Verify reads every
// byte, or a part of the files each time.
//
// Only Prune writes, and takes the folder's lock for it. The others take none: a sealed snapshot never changes, so they may
// run beside a run. One that is pruned meanwhile is an error or damage, never a wrong answer. Nothing here is safe for
// concurrent use of one value; the functions are.
package sealed
