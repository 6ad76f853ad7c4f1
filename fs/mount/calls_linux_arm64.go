package mount

import "golang.org/x/sys/unix"

// lookingCalls are the numbers of the system calls that ask for a file's attributes and for nothing else.
var lookingCalls = []int{
	unix.SYS_FSTAT, unix.SYS_NEWFSTATAT, unix.SYS_STATX,
	unix.SYS_FACCESSAT, unix.SYS_FACCESSAT2, unix.SYS_INOTIFY_ADD_WATCH,
	unix.SYS_GETXATTR, unix.SYS_LGETXATTR, unix.SYS_FGETXATTR, unix.SYS_LISTXATTR, unix.SYS_LLISTXATTR, unix.SYS_FLISTXATTR,
}
