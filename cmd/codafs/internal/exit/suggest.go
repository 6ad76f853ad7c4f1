package exit

import (
	"fmt"

	"github.com/codafs/codafs/fs"
)

// DidYouMean is the part of a message that suggests the nearest of names, "" if none is near. The prefix stands before
// the name that is suggested, such as -- before a flag's.
func DidYouMean(prefix, name string, names []string) string {
	if n := fs.Nearest(name, names); n != "" {
		return fmt.Sprintf("; did you mean %s%s?", prefix, n)
	}
	return ""
}
