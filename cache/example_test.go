package cache_test

import (
	"context"
	"fmt"
	"io"

	"github.com/codafs/codafs/cache"
)

// What was kept is not fetched again. [cache.OpenDisk] gives the same in a folder, for all processes.
func ExampleMemory_Get() {
	m := cache.NewMemory(1 << 20)
	defer m.Close()
	fetch := func(_ context.Context, w io.Writer) error {
		fmt.Println("fetching")
		_, err := io.WriteString(w, "text")
		return err
	}
	for range 2 {
		c, err := m.Get(context.Background(), "page/version", fetch)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(c.Size(), "bytes")
		c.Close()
	}
	// Output:
	// fetching
	// 4 bytes
	// 4 bytes
}
