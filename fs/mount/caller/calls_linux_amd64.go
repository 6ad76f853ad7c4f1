package caller

import "golang.org/x/sys/unix"

// lookingCalls are the numbers of the system calls that ask for a file's attributes and for nothing else.
var lookingCalls = []int{
	unix.SYS_STAT, unix.SYS_LSTAT, unix.SYS_FSTAT, unix.SYS_NEWFSTATAT, unix.SYS_STATX,
	unix.SYS_ACCESS, unix.SYS_FACCESSAT, unix.SYS_FACCESSAT2, unix.SYS_INOTIFY_ADD_WATCH,
	unix.SYS_GETXATTR, unix.SYS_LGETXATTR, unix.SYS_FGETXATTR, unix.SYS_LISTXATTR, unix.SYS_LLISTXATTR, unix.SYS_FLISTXATTR,
}

// nameCalls are the system calls that open a file, or ask for its attributes, by its name. The value is the index of
// the argument with the flags; -1 if no flag makes the call work on an open file.
var nameCalls = map[int]int{
	unix.SYS_OPEN: -1, unix.SYS_CREAT: -1, unix.SYS_OPENAT: -1, unix.SYS_OPENAT2: -1, unix.SYS_EXECVE: -1,
	unix.SYS_STAT: -1, unix.SYS_LSTAT: -1, unix.SYS_NEWFSTATAT: 3, unix.SYS_STATX: 2,
}
