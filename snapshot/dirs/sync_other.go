//go:build !linux

package dirs

import "os"

// SyncAll reports that there is no such call.
func SyncAll(*os.Root) (done bool, err error) { return false, nil }
