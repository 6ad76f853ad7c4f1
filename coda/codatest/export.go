package codatest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"time"
)

// exports are the page exports that were begun, and the files they made. A file is named
// after its page and doc, not after its export, so two running exports of one page write
// the same file and the later one wins.
type exports struct {
	mu    sync.Mutex
	count int
	begun map[string]*export // by export id
	open  map[string][]*export
	files map[string][]byte // compressed, by path on the download host
}

// An export is unknown exportLife after it was complete. Not each new one looks for such.
const (
	exportLife  = time.Hour
	forgetEvery = 100
)

// export is one export. Its content is that of the moment it was begun.
type export struct {
	id, path string
	done     time.Time
	file     []byte
}

// begin notes an export that is complete at done.
func (x *exports) begin(path string, file []byte, done time.Time) *export {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.begun == nil {
		x.begun, x.open, x.files = map[string]*export{}, map[string][]*export{}, map[string][]byte{}
	}
	x.count++
	if x.count%forgetEvery == 0 {
		maps.DeleteFunc(x.begun, func(_ string, e *export) bool { return done.Sub(e.done) > exportLife })
	}
	sum := shortID("", path, fmt.Sprint(x.count))
	e := &export{fmt.Sprintf("%08x-%04x-4000-8000-%012x", x.count, len(path)&0xffff, sum[:6]), path, done, file}
	x.begun[e.id] = e
	x.open[path] = append(x.open[path], e)
	return e
}

// find gives an export and tells whether it is complete.
func (x *exports) find(id string, now time.Time) (e *export, complete bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if e = x.begun[id]; e != nil {
		x.finish(e.path, now)
	}
	return e, e != nil && !now.Before(e.done)
}

// file gives the compressed file at a path, nil where there is none.
func (x *exports) file(path string, now time.Time) []byte {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.finish(path, now)
	return x.files[path]
}

// finish writes the files of exports that are complete by now.
func (x *exports) finish(path string, now time.Time) {
	var running []*export
	for _, e := range x.open[path] {
		if now.Before(e.done) {
			running = append(running, e)
			continue
		}
		x.files[path], e.file = e.file, nil
	}
	if x.open[path] = running; running == nil {
		delete(x.open, path)
	}
}

// beginExport starts the export of a page. Only canvas pages have one.
func (c *call) beginExport() (any, error) {
	p, err := c.findPage()
	if err != nil {
		return nil, err
	}
	var asked struct {
		OutputFormat string `json:"outputFormat"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(nil, c.r.Body, 1<<20)).Decode(&asked); err != nil {
		return nil, badParameter("outputFormat")
	}
	render := map[string]func(*Doc, *Page) string{"markdown": pageMarkdown, "html": pageHTML}[asked.OutputFormat]
	switch {
	case render == nil:
		return nil, badParameter("outputFormat")
	case p.contentType() != "canvas":
		return nil, problem(http.StatusBadRequest, "Only canvas pages can be exported")
	}
	takes := c.s.o.ExportTime
	if c.s.o.ExportTimes != nil {
		takes = c.s.o.ExportTimes()
	}
	path := exportPath(p.ID, c.d.ID)
	e := c.s.exports.begin(path, zip([]byte(render(c.d, p))), c.s.o.Now().Add(takes))
	c.status = http.StatusAccepted
	return exportStatus{ID: e.id, Status: "inProgress", Href: c.href("pages", p.ID, "export", e.id)}, nil
}

// getExport reports how an export is. Each answer of a complete one has a new link.
func (c *call) getExport() (any, error) {
	p, err := c.findPage()
	if err != nil {
		return nil, err
	}
	e, complete := c.s.exports.find(c.args[2], c.s.o.Now())
	if e == nil || e.path != exportPath(p.ID, c.d.ID) {
		return nil, problem(http.StatusNotFound, "")
	}
	out := exportStatus{ID: e.id, Status: "inProgress", Href: c.href("pages", p.ID, "export", e.id)}
	if complete {
		out.Status, out.DownloadLink = "complete", c.s.downloadLink(e.path)
	}
	return out, nil
}
