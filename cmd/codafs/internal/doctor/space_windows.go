package doctor

import "golang.org/x/sys/windows"

// freeSpace is how many bytes this user may still write to the disk of dir.
func freeSpace(dir string) (free int64, err error) {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	var bytes uint64
	err = windows.GetDiskFreeSpaceEx(path, &bytes, nil, nil)
	return int64(bytes), err
}
