package folder

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/codafs/codafs/snapshot/format"
)

// ArchiveFormat is that of an archive beside a snapshot. It is the end of the file's name, too.
type ArchiveFormat string

// The formats of archives. Each holds one folder, the snapshot.
const (
	Zip     ArchiveFormat = "zip"     // each file compressed on its own
	TarZstd ArchiveFormat = "tar.zst" // all files as one stream: smaller
)

var archiveFormats = []ArchiveFormat{Zip, TarZstd}

// archiveName is the name of a snapshot's archive.
func archiveName(id string, as ArchiveFormat) string { return id + "." + string(as) }

// Check refuses what is no format; "" is for no archive.
func (a ArchiveFormat) Check() error {
	if a != "" && !slices.Contains(archiveFormats, a) {
		return fmt.Errorf("archive format %q: want one of %q", a, archiveFormats)
	}
	return nil
}

// member is a file of an archive.
type member struct {
	path    string // in the snapshot
	size    int64
	modTime time.Time
}

// Archive writes the sealed snapshot into one file beside its folder, under a temporary name until it is
// whole. Names, times and sizes come from the manifest, in its order, and nothing of the
// machine goes in: one snapshot always gives the same bytes. It may be stopped at any time: what has the temporary name is
// cleared by the next run. Errors: a [DestinationError], or the cause of ctx.
func (f *Folder) Archive(ctx context.Context, id string, as ArchiveFormat) error {
	name := archiveName(id, as)
	temp := "." + name + ".tmp"
	out, err := f.create(temp)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(out, 1<<20)
	write := f.writeZip
	if as == TarZstd {
		write = f.writeTar
	}
	err = write(ctx, buffered, id)
	if err == nil {
		err = buffered.Flush()
	}
	if err != nil {
		out.Close()
		return errors.Join(err, f.remove(temp)) // a full disk should not stay full
	}
	if err := out.finish(time.Time{}, sealedMode); err != nil {
		return err
	}
	if err := f.rename(temp, name); err != nil {
		return err
	}
	return f.syncFolder(".")
}

// members gives a snapshot's files: the records, then the tree. An object whose stamp is not
// known has the time of the run.
func (f *Folder) members(id string, each func(member) error) error {
	head, err := f.Head(id)
	if err != nil {
		return &DestinationError{err}
	}
	for _, name := range []string{format.ManifestName, format.SumsName, format.SummaryName} {
		info, err := f.root.Stat(id + "/" + name)
		if err != nil {
			return &DestinationError{err}
		}
		if err := each(member{name, info.Size(), head.FinishedAt}); err != nil {
			return err
		}
	}
	manifest, err := f.OpenManifest(id)
	if err != nil {
		return &DestinationError{err}
	}
	defer manifest.Close()
	var ended error
	_, err = format.Scan(manifest, func(file format.File, _, _ int64) error {
		at := file.Time()
		if at.IsZero() {
			at = head.FinishedAt
		}
		ended = each(member{file.Path, file.Size, at})
		return ended
	})
	if err != nil && ended == nil {
		return &DestinationError{err}
	}
	return err
}

// writeZip writes a zip file, which any system opens. Its times have whole seconds and a zone: UTC.
func (f *Folder) writeZip(ctx context.Context, out io.Writer, id string) error {
	w := zip.NewWriter(out)
	err := f.members(id, func(m member) error {
		head := &zip.FileHeader{Name: path.Join(id, m.path), Method: zip.Deflate, Modified: m.modTime.UTC()}
		head.SetMode(sealedMode)
		to, err := w.CreateHeader(head)
		if err != nil {
			return err
		}
		return f.copyMember(ctx, to, id, m)
	})
	if err != nil {
		return err
	}
	return w.Close()
}

// writeTar writes a tar file in the format that takes paths of any length, compressed with zstd.
func (f *Folder) writeTar(ctx context.Context, out io.Writer, id string) error {
	// One goroutine: how several share the work must not show in the bytes.
	z, err := zstd.NewWriter(out, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	defer z.Close()
	w := tar.NewWriter(z)
	err = f.members(id, func(m member) error {
		err := w.WriteHeader(&tar.Header{
			Typeflag: tar.TypeReg, Name: path.Join(id, m.path), Size: m.size, Mode: sealedMode,
			ModTime: m.modTime.UTC().Truncate(time.Second), Format: tar.FormatPAX,
		})
		if err != nil {
			return err
		}
		return f.copyMember(ctx, w, id, m)
	})
	if err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return z.Close()
}

// copyMember writes one file of the snapshot, which must have the size that it was sealed with.
func (f *Folder) copyMember(ctx context.Context, to io.Writer, id string, m member) error {
	in, err := f.root.Open(id + "/" + m.path)
	if err != nil {
		return &DestinationError{err}
	}
	defer in.Close()
	n, err := io.Copy(to, contextReader{ctx, in})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err == nil && n != m.size {
		err = &DestinationError{&os.PathError{Op: "archive", Path: m.path, Err: io.ErrUnexpectedEOF}}
	}
	return err
}
