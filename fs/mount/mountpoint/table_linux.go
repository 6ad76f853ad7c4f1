package mountpoint

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// At finds the mount at path in the mount table: the last one, if there are several. path must be as the table has it, see
// realPath. It asks no mount, so it never hangs.
func At(path string) (Info, bool) {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return Info{}, false
	}
	return findMount(table, path)
}

// findMount finds path in a table of proc_pid_mountinfo(5), such as
//
//	36 35 0:48 / /mnt/coda ro,nosuid - fuse.codafs codafs ro,user_id=0
func findMount(table []byte, path string) (m Info, ok bool) {
	for lines := bufio.NewScanner(bytes.NewReader(table)); lines.Scan(); {
		place, source, _ := strings.Cut(lines.Text(), " - ")
		fields := strings.Fields(place)
		if len(fields) < 5 || unescape(fields[4]) != path {
			continue
		}
		fstype, _, _ := strings.Cut(source, " ")
		over := m.Over
		if m.Ours {
			over = append(over, m.ID)
		}
		m, ok = Info{ID: fields[2], Ours: fstype == "fuse."+FSName, Over: over}, true
	}
	return m, ok
}

// unescape replaces the table's escapes, such as \040 for a space.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(c))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// mountsOf reads the mount table of this process's namespace: mounts in other containers are not in it. A mountpoint comes
// as often as something of that user's is mounted there.
func mountsOf(uid int) ([]string, error) {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	return mountsIn(table, uid), nil
}

// mountsIn returns the mountpoints of a user's codafs mounts. The last field of a line has the file system's options;
// user_id says who mounted it.
func mountsIn(table []byte, uid int) (paths []string) {
	owner := fmt.Sprintf("user_id=%d", uid)
	for line := range bytes.Lines(table) {
		place, source, _ := strings.Cut(string(line), " - ")
		where, what := strings.Fields(place), strings.Fields(source)
		if len(where) < 5 || len(what) < 3 || what[0] != "fuse."+FSName {
			continue
		}
		if slices.Contains(strings.Split(what[2], ","), owner) {
			paths = append(paths, unescape(where[4]))
		}
	}
	return paths
}
