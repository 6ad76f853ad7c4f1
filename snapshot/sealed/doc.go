// Package sealed works on finished snapshots: it lists them ([List]), checks that they are as they were sealed ([Verify]),
// compares two ([Diff]) and removes those that a policy does not keep ([Prune]). It asks no service and needs none: what a
// snapshot is, its own records say (package format). All that touches the disk goes through package folder.
//
// Only Prune writes, and takes the folder's lock for it. The others take none: a sealed snapshot never changes, so they may
// run beside a run. One that is pruned meanwhile is an error or damage, never a wrong answer. Nothing here is safe for
// concurrent use of one value; the functions are.
package sealed
