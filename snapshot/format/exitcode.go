package format

// Exit codes of the program, as far as snapshots set them. summary.json carries them.
const (
	ExitComplete    = 0   // everything is there
	ExitFailed      = 1   // nothing was sealed
	ExitGaps        = 3   // sealed with named gaps, or as suspect
	ExitRefused     = 4   // the service refused the token
	ExitDamaged     = 5   // verify found damage
	ExitNotOurs     = 10  // the source or the destination is not what it should be
	ExitLocked      = 11  // another run works in the folder
	ExitDestination = 13  // the destination is full or cannot be written
	ExitNoAnswer    = 75  // the service fell silent; run again to resume
	ExitInterrupted = 130 // the context was canceled
)
