package sealed

import (
	"context"
	"crypto/sha256"
	"fmt"
	iofs "io/fs"
	"slices"

	"github.com/codafs/codafs/snapshot/dirs"
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
	tree    iofs.FS
	dirs    *dirs.Dirs // of tree
	id      string
	report  *Report
	records records
	summed  bool // SHA256SUMS could be read
	listed  bool // the manifest could be read
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
	c := &check{tree: root.FS(), dirs: dirs.New(root), id: id, report: r, records: newRecords()}
	defer c.dirs.Close()
	return c.run(ctx)
}

// run checks the snapshot. Its error is that of ctx alone.
func (c *check) run(ctx context.Context) error {
	c.report.Checked = append(c.report.Checked, c.id)
	c.readSums()
	c.readManifest()
	c.wantRecords()
	if err := c.hashFiles(ctx); err != nil {
		return err
	}
	for _, path := range c.without(found) {
		c.damage(path, Missing, "not there")
	}
	return nil
}

// readSums reads SHA256SUMS. Without it the manifest's sums alone are used.
func (c *check) readSums() {
	if err := c.scanSums(c.records.sum); err != nil {
		c.damage(format.SumsName, Unreadable, "%v", err)
		c.records = newRecords()
		return
	}
	c.summed = true
}

// scanSums gives the lines of SHA256SUMS.
func (c *check) scanSums(each func(path string, sum [sha256.Size]byte) error) error {
	file, err := folder.OpenFile(c.tree, format.SumsName)
	if err != nil {
		return err
	}
	defer file.Close()
	return format.ScanSums(file, each)
}

// scanManifest gives the files of the manifest.
func (c *check) scanManifest(each func(f format.File)) error {
	file, err := folder.OpenFile(c.tree, format.ManifestName)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = format.Scan(file, func(f format.File, _, _ int64) error {
		each(f)
		return nil
	})
	return err
}

// readManifest reads the manifest and compares it with SHA256SUMS, both ways. Where
// they differ, the manifest counts. One that cannot be read to its end counts as not there.
func (c *check) readManifest() {
	before, lines := len(c.report.Damage), 0
	err := c.scanManifest(func(f format.File) {
		if f.IsLines() {
			lines++
		}
		if err := format.CheckPath(f.Path); err != nil {
			c.damage(f.Path, Disagrees, "%v", err)
			return
		}
		if same := c.records.list(f); c.summed && !same {
			c.damage(f.Path, Disagrees, "%s and %s differ", format.ManifestName, format.SumsName)
		}
	})
	if err != nil {
		c.report.Damage, c.records = c.report.Damage[:before], newRecords()
		if c.summed {
			_ = c.scanSums(c.records.sum) // which was read before
		}
		c.damage(format.ManifestName, Unreadable, "%v", err)
		return
	}
	c.listed = true
	if lines > 0 {
		c.report.LineByLine[c.id] = lines
	}
	for _, path := range c.without(listed) {
		if path != format.ManifestName && path != format.SummaryName {
			c.damage(path, Disagrees, "%s has it, %s has not", format.SumsName, format.ManifestName)
		}
	}
}

// without gives the paths of the records that do not have a state, sorted. Only where there are some are the records read once more.
func (c *check) without(state state) []string {
	if c.records.all(state) {
		return nil
	}
	var paths []string
	add := func(path string) {
		if r, ok := c.records.get(path); ok && r.state&state == 0 {
			paths = append(paths, path)
		}
	}
	if c.summed {
		_ = c.scanSums(func(path string, _ [sha256.Size]byte) error { add(path); return nil })
	}
	if c.listed {
		_ = c.scanManifest(func(f format.File) { add(f.Path) })
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// wantRecords checks that SHA256SUMS covers the two other records. Its own bytes nothing covers: what it says is checked against
// the files.
func (c *check) wantRecords() {
	for _, name := range []string{format.ManifestName, format.SummaryName} {
		if _, ok := c.records.get(name); c.summed && !ok {
			c.damage(name, Disagrees, "not in %s", format.SumsName)
		}
	}
}

// hashFiles compares every file that is there with its record, and notes which are.
func (c *check) hashFiles(ctx context.Context) error {
	return iofs.WalkDir(c.tree, ".", func(path string, d iofs.DirEntry, err error) error {
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
		want, known := c.records.find(path)
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
}

// hashFile reads one file and compares it with its record, or looks at its size alone where the file is not in the part that
// is read. It asks the disk each time: a hash that is remembered would not see what rots. Damage is no error: that is for the end
// of ctx.
func (c *check) hashFile(ctx context.Context, path string, want record) error {
	c.report.Files++
	if !c.report.reads(path) {
		c.checkSize(path, want)
		return nil
	}
	hash := sha256.New()
	size, err := c.dirs.Read(ctx, path, hash)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	c.report.Bytes += size
	sum := [sha256.Size]byte(hash.Sum(nil))
	switch {
	case err != nil:
		c.damage(path, Unreadable, "%v", err)
	case want.state&listed != 0 && size != want.size:
		c.damage(path, WrongSize, "%d bytes, not %d", size, want.size)
	case sum != want.sum:
		c.damage(path, WrongHash, "SHA-256 is %x, not %x", sum, want.sum)
	}
	return nil
}

// checkSize is hashFile for a file that is not read.
func (c *check) checkSize(path string, want record) {
	info, err := iofs.Lstat(c.tree, path)
	switch {
	case err != nil:
		c.damage(path, Unreadable, "%v", err)
	case !info.Mode().IsRegular():
		c.damage(path, Unreadable, "not a regular file")
	case want.state&listed != 0 && info.Size() != want.size:
		c.damage(path, WrongSize, "%d bytes, not %d", info.Size(), want.size)
	}
}
