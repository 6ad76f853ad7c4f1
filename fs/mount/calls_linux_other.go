//go:build linux && !amd64 && !arm64

package mount

// lookingCalls are not known here, so the mount is never silent.
var lookingCalls []int

var nameCalls map[int]int
