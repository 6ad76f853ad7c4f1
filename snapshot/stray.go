package snapshot

import (
	"slices"
	"strings"
)

// Stray is a file that a file manager or a storage device left in a folder that it shows.
type Stray struct {
	Snapshot string `json:"snapshot"`
	// Path is relative to the snapshot.
	Path string `json:"path"`
}

// strays are the names of such files and folders: of the Finder (and ._ before any name), Windows, Synology, KDE.
var strays = []string{".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini", "@eadir", ".directory"}

// isStray reports whether a file that no record names is one of those, or in a folder that is.
func isStray(path string) bool {
	return slices.ContainsFunc(strings.Split(path, "/"), func(name string) bool {
		return strings.HasPrefix(name, "._") || slices.Contains(strays, strings.ToLower(name))
	})
}
