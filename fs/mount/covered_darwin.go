package mount

import "errors"

// detachBelow is for systems that say what lies below a mount; here none is known.
func detachBelow(string, string) error { return errors.ErrUnsupported }
