package cache

import "os"

// Windows removes no file that is open: no lock is needed.

// lockTemp has nothing to do.
func lockTemp(*os.File) bool { return true }

func tempInUse(string) (release func(), used bool) { return func() {}, false }

// openAtOnce is nothing on Windows, whose named pipes are in no folder of ours.
const openAtOnce = 0
