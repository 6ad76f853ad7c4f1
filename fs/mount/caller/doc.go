// Package caller sees which program waits for the answer to a file system request, and in which system call. The kernel
// says only its thread; Linux's /proc tells the rest. So a mount can fetch a file for a program that opens it, and not
// for one that only looks at it ([Callers.CallOf]); and it can end the wait of a program that wants to leave ([Leaves]).
//
// A caller is the id of its thread, as FUSE gives it (on macOS of its process). It is 0 if the thread is in another pid
// namespace, which this process cannot see. Nothing here fails: what cannot be seen is [Unseen], "" or true, and the
// mount then takes the slower way that is right for every program.
//
// No answer is cached: a thread that looks at a file may be another program, or in another call, by its next request. What
// is kept are open files of /proc, which answer anew each time ([Callers]).
package caller

// Call is the kind of system call that a caller waits in.
type Call int

// The kinds of system calls.
const (
	Unseen  Call = iota // it cannot be seen; on macOS always
	Looking             // stat(2), access(2) and the like, which need no content
	Opening             // open(2), or any other call that needs the content
)
