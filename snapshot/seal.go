package snapshot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/codafs/codafs/snapshot/format"
)

// seal writes what describes the snapshot and makes it final. Each step may be the last
// that reaches the disk; README.md says what is left then.
func (r *run) seal(ctx context.Context) error {
	r.decide()
	if err := r.describe(); err != nil {
		return err
	}
	r.stage.close()
	if err := r.stage.remove(r.stage.journal.name); err != nil {
		return err
	}
	// Once more: whoever looked into the folder meanwhile may have left something (.DS_Store).
	if err := r.stage.sweepTop(); err != nil {
		return err
	}
	if err := r.stage.syncFolders(ctx); err != nil {
		return err
	}
	// A full disk shows here, while the snapshot can still be given up as a whole.
	pointer, err := r.out.prepare(latestName, []byte(r.stage.id+"\n"), openMode)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := r.out.rename(r.stage.dir, r.stage.id); err != nil {
		return err
	}
	r.sealed = true
	return r.publish(pointer)
}

// notCaptured names what Coda API 1.5.0 has no way to read, or leaves out of a page's
// export.
var notCaptured = []string{
	"automations",
	"bytes of images and attached files",
	"comments",
	"content of embedded and synced pages",
	"filter formulas and layouts of views",
	"text colors and cell formats",
	"version history",
}

// decide sets the result and the exit code.
func (r *run) decide() {
	r.setStatus()
	if r.stage.times.lost.Load() {
		const noTimes = "files have the time at which they were written, not the one of their last change: the file system of the output folder did not take it"
		r.note(noTimes, r.isNew(noTimes))
	}
	r.account()
	r.takeStock()
	r.head.FinishedAt = r.summary.FinishedAt
	why := r.shrunk()
	switch {
	case why != "":
		r.warn("suspect: %s; latest.txt stays as it is", why)
		r.summary.Result, r.summary.ExitCode = format.Suspect, format.ExitGaps
	case r.summary.Missing() > 0:
		r.summary.Result, r.summary.ExitCode = format.Incomplete, format.ExitGaps
	default:
		r.summary.Result, r.summary.ExitCode = format.Complete, format.ExitComplete
	}
}

// describe writes manifest.json, summary.json and SHA256SUMS into the stage.
func (r *run) describe() error {
	manifest, err := format.Encode(format.Manifest{
		Head: r.head, Docs: append([]format.Doc{}, r.docs...), Files: append([]format.File{}, r.files...),
		Failures: r.summary.Failures, NotCaptured: notCaptured,
	})
	if err != nil {
		return err
	}
	summary, err := format.Encode(r.summary)
	if err != nil {
		return err
	}
	sums := map[string]string{format.ManifestName: hashOf(manifest), format.SummaryName: hashOf(summary)}
	for _, f := range r.files {
		sums[f.Path] = f.SHA256
	}
	for _, file := range []struct {
		name string
		data []byte
	}{{format.ManifestName, manifest}, {format.SummaryName, summary}, {format.SumsName, format.EncodeSums(sums)}} {
		if err := r.stage.replace(r.stage.dir+"/"+file.name, file.data, sealedMode); err != nil {
			return err
		}
	}
	return nil
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// publish lets latest.txt and the link name the sealed snapshot, unless it is suspect.
func (r *run) publish(pointer string) error {
	// Before latest.txt: it must not name what a power cut takes back.
	if err := r.out.syncFolder("."); err != nil {
		return err
	}
	if !r.summary.Result.Good() {
		return r.out.remove(pointer)
	}
	if err := r.out.rename(pointer, latestName); err != nil {
		return err
	}
	// Where there never was one, the first night has said so.
	if err := r.out.linkLatest(r.stage.id); err != nil && (r.base == nil || r.out.hasName(latestLink)) {
		r.warn("no link named %s: %v", latestLink, err)
	}
	return r.out.syncFolder(".")
}
