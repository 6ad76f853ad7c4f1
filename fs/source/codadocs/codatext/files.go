package codatext

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"strings"

	"github.com/codafs/codafs/coda/blob"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/render"
)

// FilesFolder is the folder of a doc's images and attachments, below the doc's, and FilesList the file that lists them.
const (
	FilesFolder = "files"
	FilesList   = "files.json"
)

// fileEntry is an item of files.json. It has no address: that is a secret, and may expire.
type fileEntry struct {
	ID     string     `json:"id"`
	Name   string     `json:"name"`
	Type   string     `json:"type"`
	Status string     `json:"status"`
	Path   string     `json:"path,omitempty"`
	UsedBy []blob.Use `json:"used_by"`
}

// FilesJSON writes files.json: the blobs of a doc in the order in which they are given. names has the name in [FilesFolder]
// of each, "" for one that has no file.
func FilesJSON(w io.Writer, files []blob.File, names []string) error {
	out := render.NewArray(w)
	for i, f := range files {
		e := fileEntry{ID: f.ID, Name: f.Name, Type: f.Type, Status: f.Status, UsedBy: f.UsedBy}
		if names[i] != "" {
			e.Path = FilesFolder + "/" + names[i]
		}
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false) // as Coda sends its JSON
		if err := enc.Encode(e); err != nil {
			return err
		}
		if err := out.Add(b.Bytes()); err != nil {
			return err
		}
	}
	return out.Close()
}

// FileNames gives each blob that is to be fetched its name in [FilesFolder], <name>__<id><ending>, and the others "".
func FileNames(mode fs.NameMode, files []blob.File) []string {
	var named []fs.Named
	var endings []string
	for _, f := range files {
		if f.Wanted() {
			title, ending := splitName(f.Name, f.Type)
			named, endings = append(named, fs.NameOf(title, f.ID, ending)), append(endings, ending)
		}
	}
	stems := fs.UniqueStems(mode, named)
	names := make([]string, len(files))
	for i, f := range files {
		if f.Wanted() {
			names[i] = stems[0] + endings[0]
			stems, endings = stems[1:], endings[1:]
		}
	}
	return names
}

// nameEnding is an ending that a name may have: other ones are parts of the name.
var nameEnding = regexp.MustCompile(`\.[A-Za-z0-9]{1,16}$`)

// splitName takes the ending off a name. A name that has none gets that of its type, if the type is known.
func splitName(name, mimeType string) (title, ending string) {
	if ending = nameEnding.FindString(name); ending != "" {
		return strings.TrimSuffix(name, ending), ending
	}
	kind, _, _ := strings.Cut(strings.ToLower(mimeType), ";")
	return name, typeEndings[strings.TrimSpace(kind)]
}

// typeEndings are the endings of the types that people keep in docs. The system's own table differs from machine to machine, and a name
// must not.
var typeEndings = map[string]string{
	"image/png": ".png", "image/jpeg": ".jpg", "image/jpg": ".jpg", "image/gif": ".gif", "image/webp": ".webp", "image/svg+xml": ".svg",
	"image/heic": ".heic", "image/heif": ".heif", "image/avif": ".avif", "image/tiff": ".tiff", "image/bmp": ".bmp", "image/x-icon": ".ico",
	"video/mp4": ".mp4", "video/quicktime": ".mov", "video/webm": ".webm", "video/x-msvideo": ".avi", "video/mpeg": ".mpeg",
	"audio/mpeg": ".mp3", "audio/mp4": ".m4a", "audio/wav": ".wav", "audio/x-wav": ".wav", "audio/ogg": ".ogg", "audio/webm": ".webm",
	"application/pdf": ".pdf", "application/zip": ".zip", "application/gzip": ".gz", "application/json": ".json", "application/rtf": ".rtf",
	"application/msword": ".doc", "application/vnd.ms-excel": ".xls", "application/vnd.ms-powerpoint": ".ppt",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document":   ".docx",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":         ".xlsx",
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
	"text/plain": ".txt", "text/csv": ".csv", "text/html": ".html", "text/markdown": ".md", "text/calendar": ".ics",
}
