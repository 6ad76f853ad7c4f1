package fs

// Estimates are for programs that only show sizes. They are larger than every size seen so far: a program that believes
// one should read too far rather than too little.
const (
	// estimatePage is for a page that was never fetched.
	estimatePage = 4 << 20
	// estimateLeast is the minimum for tables, and for files that were fetched in another version.
	estimateLeast = 1 << 20
	// estimateCell is the bytes per cell of a table. The mean over the sample workspaces is about 25, with the six
	// columns that every table file has.
	estimateCell = 64
	// estimateColumns is for a table whose columns are not known yet.
	estimateColumns = 50
)

// Estimate implements [File].
func (f *file) Estimate(Version) int64 {
	if last, ok := f.d.sizes.Load(f.sizeKey()); ok {
		return max(4*last.(int64), estimateLeast)
	}
	switch f.obj.Kind {
	case KindPage, KindPageHTML:
		return estimatePage
	case KindRows, KindRowsJSON:
		return f.d.estimateRows(f.obj.ID)
	}
	return estimateLeast
}

// estimateRows estimates from what is known of the table. It sends nothing.
func (d *doc) estimateRows(id string) int64 {
	l := d.current()
	info, ok := l.knownTable(id)
	if !ok {
		return estimatePage
	}
	columns := estimateColumns
	if list, ok := loaderOf(l, l.columns, id).known(); ok {
		columns = len(list.columns)
	}
	return estimateLeast + info.table.RowCount*int64(columns+len(ownColumns))*estimateCell
}

// sizeKey names the file among those of its doc, in any version.
func (f *file) sizeKey() string { return string(f.obj.Kind) + "/" + f.obj.ID }

// Estimate implements [File]. A line of the index has about 400 bytes: this is enough for docs of 2,500 files.
func (f *controlFile) Estimate(Version) int64 {
	f.t.mu.Lock()
	defer f.t.mu.Unlock()
	return estimateLeast * int64(1+len(f.t.docs))
}
