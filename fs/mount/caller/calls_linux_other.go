//go:build linux && !amd64 && !arm64

package caller

// lookingCalls are not known here, so nobody's calls are seen.
var lookingCalls []int

var nameCalls map[int]int
