// Package snapshot makes full local copies of the tree of package fs.
//
// [Run] copies what an [Origin] lists into an output folder. Start reading there
// (run.go). What is done to the disk, while files come in and when a copy is made final, is
// package folder; what a snapshot looks like there is package format; what is done with finished
// ones (lists, checks, comparisons, removal) is package sealed. README.md gives the layout
// of the folder, the order of the steps and the reason for each. Beside a run: incremental.go (what is taken
// over from the snapshot before), plan.go (what is to do), guard.go (what it is measured by).
//
// Three promises hold at every moment, also after kill -9, a full disk or a power cut:
//
//   - A folder named by a time (2026-03-07T101530Z) is sealed: complete as its manifest
//     says, never changed again.
//   - latest.txt, where there is one, names a sealed snapshot that is fit to restore from.
//   - Only a folder whose name starts with .partial- may be half made, and one with
//     .pruning- half removed. The next run takes over the one and clears the other.
//
// One goroutine decides; workers copy, as many as Options say, and hand what became of each file back through a channel. So
// nothing in a run has a lock but the stage's journal and, while docs are listed, the set of those that are skipped. All
// that a run starts has ended when [Run] returns, whatever the error.
//
// A run knows no service. What it has to know of files of some kind, such as which list names them, package fs says
// ([fs.KindInfo]); what an error means, and what the service keeps to itself, Options say.
//
// What could not be copied is named in manifest.json and summary.json: no gap is silent.
package snapshot
