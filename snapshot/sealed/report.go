package sealed

import (
	"hash/fnv"
	"slices"
	"strings"

	"github.com/codafs/codafs/snapshot/format"
)

// Report is what [Verify] found. Its JSON form is promised, as the output of 'codafs verify --json'.
type Report struct {
	// Checked names the snapshots that were looked at, oldest first.
	Checked []string `json:"checked"`
	// Files counts the files that are there, Bytes what was read of them.
	Files  int      `json:"files"`
	Bytes  int64    `json:"bytes"`
	Damage []Damage `json:"damage"`
	// LineByLine counts the pages whose text lacks what lines do not have (codadocs.NotInLines), by snapshot.
	LineByLine map[string]int `json:"pages_line_by_line,omitempty"`
	// Strays are files that were added and harm nothing.
	Strays []Stray `json:"strays"`

	n, t int
}

// reads reports whether a file is in the part that is read. Records always are: they say what the others should be. The part
// depends on the path alone, so that t runs with other n read everything once.
func (r *Report) reads(path string) bool {
	if !strings.Contains(path, "/") { // a record
		return true
	}
	h := fnv.New32a()
	h.Write([]byte(path))
	return int(h.Sum32()%uint32(r.t)) == r.n-1
}

// ExitCode is [format.ExitDamaged] if there is any damage, else 0.
func (r Report) ExitCode() int {
	if len(r.Damage) > 0 {
		return format.ExitDamaged
	}
	return format.ExitComplete
}

// Damage is one thing that is not as it was sealed.
type Damage struct {
	// Snapshot is the snapshot's name, "" for the output folder itself.
	Snapshot string `json:"snapshot"`
	// Path is relative to the snapshot.
	Path    string  `json:"path"`
	Problem Problem `json:"problem"`
	Detail  string  `json:"detail"`
}

// Problem is a kind of damage.
type Problem string

// The kinds of damage.
const (
	Missing    Problem = "missing"    // a file is not there
	Extra      Problem = "extra"      // a file was not there when the snapshot was sealed
	WrongSize  Problem = "size"       // a file has another size
	WrongHash  Problem = "hash"       // a file has other bytes
	Unreadable Problem = "unreadable" // a file cannot be read, or not be understood
	Disagrees  Problem = "disagrees"  // two records of the same thing differ
)

// Stray is a file that a file manager or a storage device left in a folder that it shows.
type Stray struct {
	Snapshot string `json:"snapshot"`
	// Path is relative to the snapshot.
	Path string `json:"path"`
}

// strays are the names of such files and folders: of the Finder (and ._ before any name), Windows, Synology, KDE.
var strays = []string{".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini", "@eadir", ".directory"}

// isStray reports whether a file that no record names is one of those, or in a folder that is. One look with the Finder would
// otherwise make a sound backup look damaged.
func isStray(path string) bool {
	return slices.ContainsFunc(strings.Split(path, "/"), func(name string) bool {
		return strings.HasPrefix(name, "._") || slices.Contains(strays, strings.ToLower(name))
	})
}
