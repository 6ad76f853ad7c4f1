package snapshot_test

import "os"

// soak reports that the tests may take their time: make soak.
var soak = os.Getenv("CODAFS_SOAK") != ""

// crashFiles is the size of the trees whose runs are stopped everywhere.
func crashFiles() int {
	if soak {
		return 132 // 60 objects: 12 docs, each with two pages, a table and a view
	}
	return 6
}

// fortnights is how many fortnights are simulated.
func fortnights() int {
	if soak {
		return 1000
	}
	return 15
}
