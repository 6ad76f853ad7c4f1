package folder

import (
	iofs "io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// unlock does nothing: the lock ends when f is closed.
func unlock(*os.File) {}

// syncDir does nothing: Windows cannot flush a folder and journals its names itself.
func syncDir(*os.File) error { return nil }

// nameErrors are what a file system answers to a name that it cannot hold.
var nameErrors = []error{
	windows.ERROR_INVALID_NAME, windows.ERROR_FILENAME_EXCED_RANGE, windows.ERROR_BUFFER_OVERFLOW,
	windows.ERROR_FILE_EXISTS, windows.ERROR_ALREADY_EXISTS, windows.ERROR_DIRECTORY,
}

// linkErrors are what a file system answers that makes no hard link between two names.
var linkErrors = []error{windows.ERROR_NOT_SAME_DEVICE, windows.ERROR_TOO_MANY_LINKS}

// unsupportedErrors are what a file system answers that has no modes or times.
var unsupportedErrors = []error{windows.ERROR_NOT_SUPPORTED, windows.ERROR_INVALID_FUNCTION}

// onDisk knows nothing: a file would have to be opened to tell which it is.
func onDisk(iofs.FileInfo) (file inode, bytes int64, ok bool) { return file, 0, false }
