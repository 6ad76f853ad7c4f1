package folder

import (
	"context"
	"fmt"
	"os"

	"github.com/codafs/codafs/snapshot/format"
)

// Seal writes what describes the snapshot and makes it final: its folder gets its name. Each step may be the last
// that reaches the disk; README.md of package snapshot says what is left then. After an error nothing is sealed.
func (s *Stage) Seal(ctx context.Context, m format.Manifest, summary format.Summary) error {
	if err := s.describe(m, summary); err != nil {
		return err
	}
	s.Close()
	if err := s.remove(s.journal.name); err != nil {
		return err
	}
	// Once more: whoever looked into the folder meanwhile may have left something (.DS_Store).
	tops := topFolders{}
	for _, f := range m.Files {
		tops.add(f.Path)
	}
	if err := s.sweepTop(tops); err != nil {
		return err
	}
	if err := s.syncFolders(ctx); err != nil {
		return err
	}
	// A full disk shows here, while the snapshot can still be given up as a whole.
	pointer, err := s.prepare(LatestName, []byte(s.id+"\n"), openMode)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	s.pointer, s.result = pointer, summary.Result
	return s.rename(s.dir, s.id)
}

// describe writes manifest.json, summary.json and SHA256SUMS into the stage.
func (s *Stage) describe(m format.Manifest, summary format.Summary) error {
	manifest, err := format.Encode(m)
	if err != nil {
		return err
	}
	how, err := format.Encode(summary)
	if err != nil {
		return err
	}
	sums := map[string]string{format.ManifestName: hashOf(manifest), format.SummaryName: hashOf(how)}
	for _, f := range m.Files {
		sums[f.Path] = f.SHA256
	}
	for _, file := range []struct {
		name string
		data []byte
	}{{format.ManifestName, manifest}, {format.SummaryName, how}, {format.SumsName, format.EncodeSums(sums)}} {
		if err := s.replace(s.dir+"/"+file.name, file.data, sealedMode); err != nil {
			return err
		}
	}
	return nil
}

// Publish comes after [Stage.Seal]. It lets latest.txt and the link name the sealed snapshot, unless it is suspect. noLink says why there is no link;
// nothing depends on one.
func (s *Stage) Publish() (noLink, err error) {
	// Before latest.txt: it must not name what a power cut takes back.
	if err := s.syncFolder("."); err != nil {
		return nil, err
	}
	if !s.result.Good() {
		return nil, s.remove(s.pointer)
	}
	if err := s.rename(s.pointer, LatestName); err != nil {
		return nil, err
	}
	noLink = s.linkLatest(s.id)
	return noLink, s.syncFolder(".")
}

// LeaveSummary says in the partial folder why it was not sealed. The next run that takes the folder over removes it.
func (s *Stage) LeaveSummary(summary format.Summary) error {
	data, err := format.Encode(summary)
	if err != nil {
		return err
	}
	return s.replace(s.dir+"/"+format.SummaryName, data, openMode)
}

// LostTimes reports whether the file system did not take the times that files were given.
func (s *Stage) LostTimes() bool { return s.times.lost.Load() }

// linkLatest lets the symbolic link name a sealed snapshot. What is no link stays. The new link gets its name by a rename, so
// that one of the two is there at any moment.
func (d *disk) linkLatest(id string) error {
	info, err := d.root.Lstat(LatestLink)
	if err == nil && info.Mode()&os.ModeSymlink == 0 {
		return fmt.Errorf("something else has that name")
	}
	temp := "." + LatestLink + ".tmp"
	if err := d.remove(temp); err != nil {
		return err
	}
	if err := d.symlink(id, temp); err != nil {
		return err
	}
	return d.rename(temp, LatestLink)
}
