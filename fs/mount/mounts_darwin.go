package mount

import "golang.org/x/sys/unix"

func mountsOf(uid int) (paths []string, err error) {
	table, err := mountTable()
	for _, st := range table {
		if st.Owner == uint32(uid) && unix.ByteSliceToString(st.Mntfromname[:]) == fsName {
			paths = append(paths, unix.ByteSliceToString(st.Mntonname[:]))
		}
	}
	return paths, err
}

// mountTable reads the mount table without asking the mounts: some may not answer.
func mountTable() ([]unix.Statfs_t, error) {
	n, err := unix.Getfsstat(nil, unix.MNT_NOWAIT)
	if err != nil {
		return nil, err
	}
	table := make([]unix.Statfs_t, n)
	n, err = unix.Getfsstat(table, unix.MNT_NOWAIT)
	return table[:max(0, min(n, len(table)))], err
}

// checkAllowOther leaves the decision to macFUSE, whose rule changed between releases.
func checkAllowOther() error { return nil }
