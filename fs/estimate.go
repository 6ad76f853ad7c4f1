package fs

// Estimates are for programs that only show sizes. They are larger than every size seen so far: a program that believes
// one should read too far rather than too little.
const (
	// estimatePage is for a page that was never fetched.
	estimatePage = 4 << 20
	// estimateLeast is the minimum for tables, and for files that were fetched in another version.
	estimateLeast = 1 << 20
)

// Estimate implements [File].
func (f *file) Estimate(Version) int64 {
	if last, ok := f.u.sizes.Load(f.sizeKey()); ok {
		return max(4*last.(int64), estimateLeast)
	}
	if e, ok := f.make.(estimator); ok {
		return e.estimate()
	}
	return estimateLeast
}

// sizeKey names the file among those of its unit, in any version.
func (f *file) sizeKey() string { return string(f.obj.Kind) + "/" + f.obj.ID }

// Estimate implements [File]. A line of the index has about 400 bytes: this is enough for units of 2,500 files.
func (f *controlFile) Estimate(Version) int64 {
	f.t.mu.Lock()
	defer f.t.mu.Unlock()
	return estimateLeast * int64(1+len(f.t.units))
}
