package snapshot

import (
	"sync"
	"sync/atomic"
	"time"
)

// timesApart is how coarse the times of a file system may be: FAT has even seconds.
const timesApart = 2 * time.Second

// keptTimes reports whether the output folder keeps the times that files are given. The first file of a run shows it.
type keptTimes struct {
	once sync.Once
	lost atomic.Bool
}

// checkTime looks, once, whether a finished file has the time that it was given.
func (d *disk) checkTime(name string, want time.Time) {
	d.times.once.Do(func() {
		info, err := d.root.Lstat(name)
		d.times.lost.Store(err == nil && info.ModTime().Sub(want).Abs() > timesApart)
	})
}
