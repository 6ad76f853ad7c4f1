package sealed

import (
	"errors"
	"fmt"
)

var (
	// ErrSubset is the error of [VerifySubset] for a part that there is not.
	ErrSubset = errors.New("no such part")
	// ErrPolicy is the error of [Prune] for a policy that cannot be meant.
	ErrPolicy = errors.New("no usable policy")
)

// SuspectError says that nothing is pruned, because the newest snapshot, which it names, may
// be incomplete: far fewer objects than the one before. A good run lifts it.
type SuspectError struct{ ID string }

// Error says what to do.
func (e *SuspectError) Error() string {
	return fmt.Sprintf("%s is suspect: older snapshots stay until a run is good, or --accept-shrink says that it is", e.ID)
}
