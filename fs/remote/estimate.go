package remote

import (
	"github.com/codafs/codafs/fs"
)

// Estimates are for programs that only show sizes. They are larger than every size seen so far: a program that believes
// one should read too far rather than too little.
const (
	// EstimateUnknown is for a text that was never fetched, or a table of which nothing is known.
	EstimateUnknown = 4 << 20
	// EstimateLeast is the minimum for tables, and for files that were fetched in another version.
	EstimateLeast = 1 << 20
)

// Estimate implements [File].
func (f *File) Estimate(fs.Version) int64 {
	if last, ok := f.u.sizes.Load(f.sizeKey()); ok {
		return max(4*last.(int64), EstimateLeast)
	}
	if e, ok := f.renderer.(Estimator); ok {
		return e.Estimate()
	}
	return EstimateLeast
}

// sizeKey names the file among those of its unit, in any version.
func (f *File) sizeKey() string { return string(f.obj.Kind) + "/" + f.obj.ID }

// Estimate implements [File]. A line of the index has about 400 bytes: this is enough for units of 2,500 files.
func (f *controlFile) Estimate(fs.Version) int64 {
	f.t.mu.Lock()
	defer f.t.mu.Unlock()
	return EstimateLeast * int64(1+len(f.t.units))
}
