package open

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/coda/codatest"
)

// The built-in service lives as long as one command. What is written to it is kept in the state folder, and done once more
// when the next command begins, at the same times: so the demo can be edited, and looks to all commands as if it had been.

// demoEdit is a write to the demo.
type demoEdit struct {
	At     time.Time `json:"at"`
	Method string    `json:"method"`
	URL    string    `json:"url"`
	Body   []byte    `json:"body,omitempty"`
}

// demo is the built-in service. Reads may come from several goroutines, writes from one: the outbox is locked.
type demo struct {
	http.RoundTripper
	file string
	now  atomic.Pointer[time.Time] // that of the edit that is done once more; nil is now
}

// newDemo makes the service with all that was written to it.
func newDemo(s *config.Settings) (http.RoundTripper, error) {
	d := &demo{}
	d.RoundTripper = codatest.New(codatest.Sample(), codatest.Options{Now: d.clock}).RoundTripper()
	base, err := s.StateFolder()
	if err != nil {
		return d.RoundTripper, nil // nothing can have been written
	}
	d.file = filepath.Join(base, "demo", "edits.jsonl")
	f, err := os.Open(d.file)
	if errors.Is(err, iofs.ErrNotExist) {
		return d, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	defer d.now.Store(nil)
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil { // also half a line of a run that was killed
			return d, nil
		}
		if err := d.again(line); err != nil {
			return nil, fmt.Errorf("%s: %w ('codafs drop --demo all' forgets what was written to the demo)", d.file, err)
		}
	}
}

func (d *demo) clock() time.Time {
	if at := d.now.Load(); at != nil {
		return *at
	}
	return time.Now()
}

// again does an edit once more.
func (d *demo) again(line []byte) error {
	var e demoEdit
	if err := json.Unmarshal(line, &e); err != nil {
		return err
	}
	r, err := http.NewRequest(e.Method, e.URL, bytes.NewReader(e.Body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer demo")
	d.now.Store(&e.At)
	answer, err := d.RoundTripper.RoundTrip(r)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

// RoundTrip implements [http.RoundTripper]. A write is kept when the service has taken it.
func (d *demo) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet || strings.HasSuffix(r.URL.Path, "/export") {
		return d.RoundTripper.RoundTrip(r)
	}
	e := demoEdit{At: time.Now().UTC(), Method: r.Method, URL: r.URL.String()}
	if r.Body != nil {
		var err error
		if e.Body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(e.Body))
	}
	answer, err := d.RoundTripper.RoundTrip(r)
	if err == nil && answer.StatusCode == http.StatusAccepted {
		err = d.keep(e)
	}
	return answer, err
}

func (d *demo) keep(e demoEdit) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(d.file), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(d.file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}

// ForgetDemo forgets all that was written to the demo.
func ForgetDemo(s *config.Settings) error {
	base, err := s.StateFolder()
	if err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(base, "demo"))
}
