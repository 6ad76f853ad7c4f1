package mount

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
)

// mountsOf reads the mount table. The last field of a line has the file system's options; user_id says who mounted it.
func mountsOf(uid int) (paths []string, err error) {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	owner := fmt.Sprintf("user_id=%d", uid)
	for line := range strings.Lines(string(table)) {
		place, source, _ := strings.Cut(line, " - ")
		where, what := strings.Fields(place), strings.Fields(source)
		if len(where) < 5 || len(what) < 3 || what[0] != "fuse."+fsName {
			continue
		}
		if slices.Contains(strings.Split(what[2], ","), owner) {
			paths = append(paths, unescape(where[4]))
		}
	}
	return paths, nil
}

const fuseConf = "/etc/fuse.conf"

// checkAllowOther checks what fusermount3 will check. Root needs no permission.
func checkAllowOther() error {
	if os.Geteuid() == 0 {
		return nil
	}
	conf, err := os.ReadFile(fuseConf)
	if err == nil && allowsOther(conf) {
		return nil
	}
	return fmt.Errorf("%w: add the line user_allow_other to %s", ErrNotAllowed, fuseConf)
}

func allowsOther(conf []byte) bool {
	for line := range bytes.Lines(conf) {
		if string(bytes.TrimSpace(line)) == "user_allow_other" {
			return true
		}
	}
	return false
}
