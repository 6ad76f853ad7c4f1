package sealed

import (
	"context"
	"fmt"
	iofs "io/fs"
	"maps"
	"slices"

	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
)

// Verify compares what is at dir, an output folder or one snapshot, with its records:
// every name, size and hash, and the records with each other. It writes nothing. A
// folder without any snapshot is an [folder.ErrNotSnapshot].
func Verify(ctx context.Context, dir string) (Report, error) {
	return VerifySubset(ctx, dir, 1, 1)
}

// VerifySubset is [Verify], but of the files of the tree only the nth part of t, 1 ≤ n ≤ t,
// is read; of the others name and size are checked. Which part a file is in depends on its
// path alone, so runs with n = 1 to t read everything.
func VerifySubset(ctx context.Context, dir string, n, t int) (Report, error) {
	report := Report{Checked: []string{}, Damage: []Damage{}, LineByLine: map[string]int{}, Strays: []Stray{}, n: n, t: t}
	if n < 1 || n > t {
		return report, fmt.Errorf("part %d of %d: %w", n, t, ErrSubset)
	}
	f, err := folder.Open(dir)
	if err != nil {
		return report, err
	}
	defer f.Close()
	if name, one := f.IsSnapshot(); one {
		return report, report.verifyIn(ctx, f, ".", name)
	}
	ids, err := f.Sealed()
	if err != nil {
		return report, err
	}
	if len(ids) == 0 {
		return report, fmt.Errorf("%s: %w", dir, folder.ErrNotSnapshot)
	}
	for _, id := range ids {
		if err := report.verifyIn(ctx, f, id, id); err != nil {
			return report, err
		}
	}
	report.verifyLatest(f, ids)
	return report, nil
}

// verifyLatest checks that latest.txt names a good snapshot that is there. None is no damage: the first run may have failed.
func (r *Report) verifyLatest(f *folder.Folder, ids []string) {
	id, err := f.Latest()
	if err != nil {
		r.Damage = append(r.Damage, Damage{"", folder.LatestName, Unreadable, err.Error()})
		return
	}
	if id == "" {
		return
	}
	if !slices.Contains(ids, id) {
		r.Damage = append(r.Damage, Damage{"", folder.LatestName, Disagrees, "names " + id + ", which is not there"})
	} else if s, err := f.Summary(id); err == nil && !s.Result.Good() {
		r.Damage = append(r.Damage, Damage{"", folder.LatestName, Disagrees, "names " + id + ", which is " + string(s.Result)})
	}
}

// check is one snapshot's verification. There are three records of each file: the manifest, SHA256SUMS, and the file
// itself. All are compared, since each alone could be what was damaged. It is for one goroutine: a disk is read best in order.
type check struct {
	tree   iofs.FS
	id     string
	report *Report
	sizes  map[string]int64  // as the manifest has them
	sums   map[string]string // as SHA256SUMS has them
	summed bool              // SHA256SUMS could be read
}

// damage notes something that is not as it was sealed. One file may be noted more than once.
func (c *check) damage(path string, problem Problem, format string, args ...any) {
	c.report.Damage = append(c.report.Damage, Damage{c.id, path, problem, fmt.Sprintf(format, args...)})
}

// verifyIn checks the snapshot that is in a folder of f. Its error is that of ctx, or of the folder that cannot be opened.
func (r *Report) verifyIn(ctx context.Context, f *folder.Folder, dir, id string) error {
	root, err := f.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return r.verifySnapshot(ctx, root.FS(), id)
}

// verifySnapshot checks the snapshot that tree is. Its error is that of ctx alone.
func (r *Report) verifySnapshot(ctx context.Context, tree iofs.FS, id string) error {
	r.Checked = append(r.Checked, id)
	c := &check{tree: tree, id: id, report: r, sizes: map[string]int64{}, sums: map[string]string{}}
	c.readSums()
	c.readManifest()
	c.wantRecords()
	found, err := c.hashFiles(ctx)
	if err != nil {
		return err
	}
	for _, path := range slices.Sorted(maps.Keys(c.sums)) {
		if !found[path] {
			c.damage(path, Missing, "not there")
		}
	}
	return nil
}

// readSums reads SHA256SUMS. Without it the manifest's sums alone are used.
func (c *check) readSums() {
	data, err := folder.ReadFile(c.tree, format.SumsName)
	var sums map[string]string
	if err == nil {
		sums, err = format.DecodeSums(data)
	}
	if err != nil {
		c.damage(format.SumsName, Unreadable, "%v", err)
		return
	}
	c.sums, c.summed = sums, true
}

// readManifest reads the manifest and compares it with SHA256SUMS, both ways. Where
// they differ, the manifest counts.
func (c *check) readManifest() {
	file, err := folder.OpenFile(c.tree, format.ManifestName)
	if err != nil {
		c.damage(format.ManifestName, Unreadable, "%v", err)
		return
	}
	defer file.Close()
	m, err := format.DecodeManifest(file)
	if err != nil {
		c.damage(format.ManifestName, Unreadable, "%v", err)
		return
	}
	for _, f := range m.Files {
		if f.IsLines() {
			c.report.LineByLine[c.id]++
		}
		if err := format.CheckPath(f.Path); err != nil {
			c.damage(f.Path, Disagrees, "%v", err)
			continue
		}
		c.sizes[f.Path] = f.Size
		if sum := c.sums[f.Path]; c.summed && sum != f.SHA256 {
			c.damage(f.Path, Disagrees, "%s and %s differ", format.ManifestName, format.SumsName)
		}
		c.sums[f.Path] = f.SHA256
	}
	for _, path := range slices.Sorted(maps.Keys(c.sums)) {
		_, known := c.sizes[path]
		if !known && path != format.ManifestName && path != format.SummaryName {
			c.damage(path, Disagrees, "%s has it, %s has not", format.SumsName, format.ManifestName)
		}
	}
}

// wantRecords checks that SHA256SUMS covers the two other records. Its own bytes nothing covers: what it says is checked against
// the files.
func (c *check) wantRecords() {
	for _, name := range []string{format.ManifestName, format.SummaryName} {
		if _, ok := c.sums[name]; c.summed && !ok {
			c.damage(name, Disagrees, "not in %s", format.SumsName)
		}
	}
}

// hashFiles compares every file that is there with its record, and tells which are.
func (c *check) hashFiles(ctx context.Context) (found map[string]bool, err error) {
	found = map[string]bool{}
	err = iofs.WalkDir(c.tree, ".", func(path string, d iofs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			c.damage(path, Unreadable, "%v", err)
			return nil
		}
		if d.IsDir() || path == format.SumsName {
			return nil
		}
		found[path] = true
		want, known := c.sums[path]
		if !known && isStray(path) {
			c.report.Strays = append(c.report.Strays, Stray{c.id, path})
			return nil
		}
		if !known {
			c.damage(path, Extra, "not in %s", format.SumsName)
			return nil
		}
		return c.hashFile(ctx, path, want)
	})
	return found, err
}

// hashFile reads one file and compares it with its record, or looks at its size alone where the file is not in the part that
// is read. Damage is no error: that is for the end of ctx.
func (c *check) hashFile(ctx context.Context, path, want string) error {
	c.report.Files++
	if !c.report.reads(path) {
		c.checkSize(path)
		return nil
	}
	size, sum, err := folder.HashFile(ctx, c.tree, path)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	c.report.Bytes += size
	wantSize, known := c.sizes[path]
	switch {
	case err != nil:
		c.damage(path, Unreadable, "%v", err)
	case known && size != wantSize:
		c.damage(path, WrongSize, "%d bytes, not %d", size, wantSize)
	case sum != want:
		c.damage(path, WrongHash, "SHA-256 is %s, not %s", sum, want)
	}
	return nil
}

// checkSize is hashFile for a file that is not read.
func (c *check) checkSize(path string) {
	info, err := iofs.Lstat(c.tree, path)
	wantSize, known := c.sizes[path]
	switch {
	case err != nil:
		c.damage(path, Unreadable, "%v", err)
	case !info.Mode().IsRegular():
		c.damage(path, Unreadable, "not a regular file")
	case known && info.Size() != wantSize:
		c.damage(path, WrongSize, "%d bytes, not %d", info.Size(), wantSize)
	}
}
