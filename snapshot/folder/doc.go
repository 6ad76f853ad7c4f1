// Package folder is a folder of snapshots on disk. Every change to it is made here, and in an order that leaves nothing
// broken wherever it stops. What a snapshot consists of is package format's, what goes into it package snapshot's.
//
// [Open] is for whoever reads, [Create] for a run, which then goes on so:
//
//	f.Lock          one run at a time
//	f.OpenStage     a new partial folder, or the one that an equal run left
//	s.Begin         what is not kept of that goes
//	s.Put, s.Take   a file from the service, or from an earlier snapshot; s.Note when it is durable
//	s.Seal          records, sync, and the name of a snapshot
//	s.Publish       latest.txt and the link
//	f.Archive       the same in one file, if it is wanted
//
// [Folder.Remove] takes snapshots away. Changes go through disk.go alone, where tests stop, freeze and fail each of them; what differs
// between systems is in os_unix.go and os_windows.go. README.md of package snapshot shows the folder and gives the reason for each step.
//
// # Order and locks
//
// A file is written, synced and closed before the journal names it; all folders are synced before the partial one gets
// the name of a snapshot; that name is synced before latest.txt tells it. So whatever a power cut takes, what is left is
// never said to be more than it is. What is removed goes the other way: the name first.
//
// [Folder.Lock] is held for the whole of a run or a removal, by the kernel and for one process. Within a run the workers
// share a [Stage], whose one lock is that of the journal; it is held for one write. Readers take no lock.
//
// An error of the disk is a [DestinationError], so that nobody takes it for one of the service.
package folder
