package coda_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/cache/filelock"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rest"
)

// tagged is a page whose Markdown passes for HTML, and whose HTML nobody takes for this Markdown.
const tagged = "# Page\n\nA <p> and no end.\n"

func taggedWorkspace() *codatest.Workspace {
	w := small()
	w.Docs[0].Pages[0].Body = tagged
	return w
}

// hold is the name of a process whose downloads never come.
const hold = "hold"

// asExporter is a process that exports one page for each line of its input, as HTML if that is its name, and
// says whether it got the right text.
func asExporter(t *testing.T) {
	name, format := os.Getenv(childName), coda.Markdown
	if name == string(coda.HTML) {
		format = coda.HTML
	}
	c := newClient(t, coda.Options{BaseURL: os.Getenv(childURL), StateFile: os.Getenv(childState), UserAgent: name, Unlimited: true})
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		got, err := c.ExportPage(t.Context(), doc, page, format)
		switch {
		case err != nil:
			t.Fatal(err)
		case (string(got) == tagged) == (format == coda.Markdown):
			fmt.Println("right")
		default:
			fmt.Println("wrong")
		}
	}
}

// exporter is such a process.
type exporter struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func startExporter(t *testing.T, url, state, name string) *exporter {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestProcessesTakeTurnsWithAPage$", "-test.timeout=2m")
	cmd.Env = append(os.Environ(), childURL+"="+url+codatest.Base, childState+"="+state, childName+"="+name)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &exporter{cmd, in, bufio.NewScanner(out)}
}

// begin has the process export once more; next is what it says of that, "" at its end.
func (e *exporter) begin() { fmt.Fprintln(e.in) }

func (e *exporter) next() string {
	e.out.Scan()
	return e.out.Text()
}

// both has two processes export at the same time.
func both(one, two *exporter) (string, string) {
	one.begin()
	two.begin()
	return one.next(), two.next()
}

func (e *exporter) stop(t *testing.T) {
	t.Helper()
	e.in.Close()
	for e.out.Scan() { // what it says meanwhile, and the test binary's own words
	}
	if err := e.Wait(); err != nil {
		t.Error(err)
	}
}

// serveExports serves the page on sockets. Requests for hold's download are not answered; they are told of.
func serveExports(t *testing.T) (api *codatest.Server, url string, held chan struct{}) {
	t.Helper()
	files := httptest.NewUnstartedServer(nil)
	api = codatest.New(taggedWorkspace(), codatest.Options{Token: secret, ExportTime: 5 * time.Millisecond, Downloads: "http://" + files.Listener.Addr().String()})
	held = make(chan struct{}, 1)
	files.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.UserAgent() == hold {
			held <- struct{}{}
			<-r.Context().Done()
			return
		}
		api.ServeHTTP(w, r)
	})
	files.Start()
	t.Cleanup(files.Close)
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	return api, server.URL, held
}

// Coda keeps one file for all exports of a page. Two processes that know nothing of each other get each
// other's; two that share a state file take turns.
func TestProcessesTakeTurnsWithAPage(t *testing.T) {
	if os.Getenv(childURL) != "" {
		asExporter(t)
		return
	}
	t.Run("apart", func(t *testing.T) {
		_, url, _ := serveExports(t)
		markdown := startExporter(t, url, filepath.Join(t.TempDir(), "one"), "markdown")
		html := startExporter(t, url, filepath.Join(t.TempDir(), "two"), "html")
		n, got := 1, "right"
		for ; got == "right"; n++ {
			_, got = both(markdown, html)
		}
		if got != "wrong" {
			t.Fatalf("export %d: %q", n, got)
		}
		t.Logf("export %d gave the other's file", n)
		html.stop(t)
		markdown.stop(t)
	})
	t.Run("together", func(t *testing.T) {
		api, url, _ := serveExports(t)
		state := filepath.Join(t.TempDir(), "rates", "account.json")
		markdown, html := startExporter(t, url, state, "markdown"), startExporter(t, url, state, "html")
		for n := range 10 {
			if one, two := both(markdown, html); one != "right" || two != "right" {
				t.Fatalf("export %d: %q, %q", n, one, two)
			}
		}
		html.stop(t)
		markdown.stop(t)
		steps := strings.ReplaceAll(steps(api.Requests()), "P", "")
		if want := strings.Repeat("SD", 20); steps != want {
			t.Errorf("the steps were %s, want %s", steps, want)
		}
		wantOnlyTheGate(t, state)
	})
}

func wantOnlyTheGate(t *testing.T, state string) {
	t.Helper()
	if names, err := os.ReadDir(state + ".exports"); err != nil || len(names) != 1 || names[0].Name() != "gate" {
		t.Errorf("in the folder are %v, %v; want the gate alone", names, err)
	}
}

func TestAKilledProcessGivesItsPageBack(t *testing.T) {
	_, url, held := serveExports(t)
	state := filepath.Join(t.TempDir(), "account.json")
	killed := startExporter(t, url, state, hold)
	killed.begin()
	<-held
	html := startExporter(t, url, state, "html")
	html.begin()
	killed.Process.Kill()
	killed.Wait()
	if got := html.next(); got != "right" {
		t.Errorf("got %q", got)
	}
	html.stop(t)
	wantOnlyTheGate(t, state)
}

// pageFile is the file of the page in the folder beside a state file, while it is exported.
func pageFile(t *testing.T, state string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(state+".exports", "[0-9a-f][0-9a-f]*"))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	return names[0]
}

// held takes the lock of the page's file, as another process does that then stops.
func held(t *testing.T, state string) (name string, free func()) {
	t.Helper()
	s := serve(t, small(), codatest.Options{ExportTime: time.Minute}, coda.Options{Unlimited: true, StateFile: state})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = s.ExportPage(ctx, doc, page, coda.Markdown)
	}()
	synctest.Wait()
	name = pageFile(t, state)
	cancel()
	<-done
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := filelock.Try(f); !ok || err != nil {
		t.Fatal(ok, err)
	}
	return name, func() { f.Close() }
}

func TestAPageThatIsNeverGivenBackIsAFailure(t *testing.T) {
	state := filepath.Join(t.TempDir(), "account.json")
	synctest.Test(t, func(t *testing.T) {
		_, free := held(t, state)
		defer free()
		s := serve(t, small(), codatest.Options{}, coda.Options{Unlimited: true, StateFile: state})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if _, err := s.ExportPage(ctx, doc, page, coda.HTML); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's", err)
		}
		start := time.Now()
		_, err := s.ExportPage(t.Context(), doc, page, coda.HTML)
		fails(t, err, coda.CodeExportTimeout)
		if took := time.Since(start); took < 10*time.Minute || took > 11*time.Minute {
			t.Errorf("it took %v, want 10 minutes", took)
		}
		if got, err := s.ExportPage(t.Context(), doc, "canvas-Sub", coda.Markdown); err != nil || len(got) == 0 {
			t.Errorf("another page: %v", err)
		}
		offline := newClient(t, coda.Options{Offline: true, StateFile: state})
		if _, err := offline.ExportPage(t.Context(), doc, page, coda.HTML); rest.CodeOf(err) != rest.CodeOffline {
			t.Errorf("offline: %v", err)
		}
		if n := s.api.Count(func(r codatest.Request) bool { return strings.Contains(r.Path, page) }); n != 0 {
			t.Errorf("%d requests for the page that another has", n)
		}
	})
}

// Clients of one process share pages as processes do, and what a killed one left is removed.
func TestPagesAreSharedThroughAFolderThatStaysSmall(t *testing.T) {
	state := filepath.Join(t.TempDir(), "account.json")
	synctest.Test(t, func(t *testing.T) {
		left, free := held(t, state)
		free()
		s := serve(t, small(), codatest.Options{ExportTime: time.Second}, coda.Options{Unlimited: true, StateFile: state})
		other := newClient(t, coda.Options{Unlimited: true, StateFile: state, Transport: s.api.RoundTripper()})
		var wg sync.WaitGroup
		for n := range 6 {
			wg.Go(func() {
				c, f := s.Client, coda.Markdown
				if n%2 == 0 {
					c, f = other, coda.HTML
				}
				if got, err := c.ExportPage(t.Context(), doc, page, f); err != nil || (string(got) == text) != (f == coda.Markdown) {
					t.Errorf("%s: %q, %v", f, got, err)
				}
			})
		}
		wg.Wait()
		if steps := strings.ReplaceAll(steps(s.api.Requests()), "P", ""); steps != strings.Repeat("SD", 6) {
			t.Errorf("the steps were %s", steps)
		}
		if err := os.WriteFile(filepath.Join(filepath.Dir(left), "0123456789abcdef"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		third := newClient(t, coda.Options{Unlimited: true, StateFile: state, Transport: s.api.RoundTripper()})
		if _, err := third.ExportPage(t.Context(), doc, page, coda.Markdown); err != nil {
			t.Error(err)
		}
	})
	wantOnlyTheGate(t, state)
}

func TestAFolderThatCannotBeUsedIsDoneWithout(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, small(), codatest.Options{}, coda.Options{Unlimited: true, StateFile: filepath.Join(file, "account.json")})
	for range 2 {
		if got, err := s.ExportPage(t.Context(), doc, page, coda.Markdown); err != nil || string(got) != text {
			t.Errorf("got %q, %v", got, err)
		}
	}
}
