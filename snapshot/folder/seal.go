package folder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/codafs/codafs/snapshot/format"
)

// Seal writes what describes the snapshot and makes it final: its folder gets its name. Each step may be the last
// that reaches the disk; README.md of package snapshot says what is left then. After an error nothing is sealed.
// files are those of the manifest, by path; they are read more than once.
func (s *Stage) Seal(ctx context.Context, m format.Manifest, files iter.Seq2[format.File, error], summary format.Summary) error {
	if err := s.describe(m, files, summary); err != nil {
		return err
	}
	s.Close()
	if err := s.remove(s.journal.name); err != nil {
		return err
	}
	// Once more: whoever looked into the folder meanwhile may have left something (.DS_Store).
	if err := s.sweepTop(); err != nil {
		return err
	}
	if err := s.syncFolders(ctx); err != nil {
		return err
	}
	// A full disk shows here, while the snapshot can still be given up as a whole.
	pointer, err := s.prepare(LatestName, openMode, text([]byte(s.id+"\n")))
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
func (s *Stage) describe(m format.Manifest, files iter.Seq2[format.File, error], summary format.Summary) error {
	how, err := format.Encode(summary)
	if err != nil {
		return err
	}
	s.tops = topFolders{}
	whole := sha256.New()
	err = s.replace(s.dir+"/"+format.ManifestName, sealedMode, func(w io.Writer) error {
		return format.WriteManifest(io.MultiWriter(w, whole), m, files)
	})
	if err != nil {
		return err
	}
	if err := s.replace(s.dir+"/"+format.SummaryName, sealedMode, text(how)); err != nil {
		return err
	}
	records := []format.File{
		{Path: format.ManifestName, SHA256: hex.EncodeToString(whole.Sum(nil))}, {Path: format.SummaryName, SHA256: hashOf(how)},
	}
	return s.replace(s.dir+"/"+format.SumsName, sealedMode, func(w io.Writer) error { return s.writeSums(w, records, files) })
}

// writeSums writes SHA256SUMS: of the files, and of the records in their place among them.
func (s *Stage) writeSums(w io.Writer, records []format.File, files iter.Seq2[format.File, error]) error {
	write := func(before string) error { // the records that come before a path; all for ""
		for len(records) > 0 && (before == "" || records[0].Path < before) {
			if err := format.WriteSum(w, records[0].Path, records[0].SHA256); err != nil {
				return err
			}
			records = records[1:]
		}
		return nil
	}
	for f, err := range files {
		if err != nil {
			return err
		}
		s.tops.add(f.Path)
		if err := write(f.Path); err != nil {
			return err
		}
		if err := format.WriteSum(w, f.Path, f.SHA256); err != nil {
			return err
		}
	}
	return write("")
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
	return s.replace(s.dir+"/"+format.SummaryName, openMode, text(data))
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
