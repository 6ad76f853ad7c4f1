//go:build linux

package mount

import (
	"fmt"
	"os/exec"
	"testing"

	"github.com/codafs/codafs/fs"
)

// A shell opens a file for a program that asks for no size and goes by the kernel's: busybox cat sends what
// sendfile(2) gives.
func TestRedirectedFileIsCompleteAndNoLonger(t *testing.T) {
	for _, mode := range []Sizes{Auto, Estimate} {
		for _, before := range []string{"true", `ls -l "$1"`} {
			t.Run(fmt.Sprint(mode, " after ", before), func(t *testing.T) {
				tool(t, "busybox")
				var nodes []fs.Node
				for i, size := range []int{0, 1, 5000, 128 << 10, 256 << 10, 1_000_001, 3 << 20} {
					nodes = append(nodes, newFile(fmt.Sprint("f", i), sample(size)).estimating(int64(size)+5<<20))
				}
				dir := mountTree(t, newDir("", nodes...), Options{Sizes: mode})
				for _, n := range nodes {
					f := n.(*fakeFile)
					path := join(dir, f.name)
					cmd := exec.Command("sh", "-c", before+` >/dev/null; busybox cat < "$1"`, "-", path)
					got, err := cmd.CombinedOutput()
					if want := f.data["v1"]; err != nil || string(got) != string(want) {
						t.Errorf("%d bytes, want %d (%v)", len(got), len(want), err)
					}
				}
			})
		}
	}
}
