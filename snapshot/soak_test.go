package snapshot_test

import "os"

// soak tells that the tests may take their time: make soak.
var soak = os.Getenv("CODAFS_SOAK") != ""

// crashDocs is the size of the workspaces that are stopped everywhere.
func crashDocs() int {
	if soak {
		return 12 // 60 objects
	}
	return 2
}
