package mount

import "errors"

// detachBelow needs a mount table that shows what is below a mount; macOS has none.
func detachBelow(string, string) error { return errors.ErrUnsupported }
