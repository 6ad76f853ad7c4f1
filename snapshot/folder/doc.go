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
// An error of the disk is a [DestinationError], so that nobody takes it for one of the service.
package folder
