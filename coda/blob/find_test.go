package blob_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/codafs/codafs/coda/blob"
)

const (
	api = "https://coda.io/apis/v1"
	at  = "https://codahosted.io/docs/D/blobs/"
)

var hosts = blob.HostsOf(api)

// told is what was found, in one line a blob.
func told(f blob.Found) []string {
	var lines []string
	for _, b := range f.Blobs {
		line := fmt.Sprintf("%s|%s|%s|%s|%s", b.ID, b.Name, b.Type, b.Status, b.Address.Reveal())
		if b.Problem != nil {
			line += "|" + b.Problem.Error()
		}
		lines = append(lines, line)
	}
	for _, id := range f.Impossible {
		lines = append(lines, "impossible|"+id)
	}
	return lines
}

func TestInPageFindsWhatAPageShows(t *testing.T) {
	foreign, other, none := "|"+blob.ErrForeignHost.Error(), "|"+blob.ErrOtherBlob.Error(), "|"+blob.ErrNoAddress.Error()
	for name, test := range map[string]struct {
		html string
		want []string
	}{
		"the form that was seen": {`<p>` + "\u200b" + `<span style="display: inline-block"><img data-coda-blob-id="bl-1" data-coda-mime-type="image/png" alt="a &amp; &#34;b&#34;" src="` + at + `bl-1/ff?a=1&amp;b=2" width="1" height="2"></span>` + "\ufffc</p>",
			[]string{`bl-1|a & "b"|image/png||` + at + `bl-1/ff?a=1&b=2`}},
		"no quotes, other case, other order": {`<IMG SRC=` + at + `bl-1/ff DATA-CODA-BLOB-ID=bl-1 ALT=x>`, []string{"bl-1|x|||" + at + "bl-1/ff"}},
		"self-closing":                       {`<img data-coda-blob-id='bl-1' src='` + at + `bl-1/ff'/>`, []string{"bl-1||||" + at + "bl-1/ff"}},
		"a host below Coda's":                {`<img data-coda-blob-id="bl-1" src="https://eu.codahosted.io/x">`, []string{"bl-1||||https://eu.codahosted.io/x"}},
		"no id, Coda's address":              {`<img alt="x" src="` + at + `bl-1/ff">`, []string{"bl-1|x|||" + at + "bl-1/ff"}},
		"no id, the other form":              {`<img src="https://coda.io/blobs/bl-1/ff">`, []string{"bl-1||||https://coda.io/blobs/bl-1/ff"}},
		"no id, elsewhere":                   {`<img alt="x" src="https://evil.example/docs/D/blobs/bl-1/ff">`, nil},
		"no id, Coda's, no blob":             {`<img src="https://codahosted.io/icons/a.png"><img src="https://coda.io/blobs/DOC_EXPORT/ff">`, nil},
		"no id, no address":                  {`<img><img src=""><img alt="x"><a name="top">top</a>`, nil},
		"an id, elsewhere":                   {`<img data-coda-blob-id="bl-1" alt="x" src="https://evil.example/bl-1">`, []string{"bl-1|x|||" + foreign}},
		"an id, plain http":                  {`<img data-coda-blob-id="bl-1" src="http://codahosted.io/docs/D/blobs/bl-1/ff">`, []string{"bl-1||||" + foreign}},
		"an id, this machine":                {`<img data-coda-blob-id="bl-1" src="https://127.0.0.1/docs/D/blobs/bl-1/ff">`, []string{"bl-1||||" + foreign}},
		"an id, data":                        {`<img data-coda-blob-id="bl-1" src="data:image/png;base64,AAAA">`, []string{"bl-1||||" + foreign}},
		"an id, no host":                     {`<img data-coda-blob-id="bl-1" src="/docs/D/blobs/bl-1/ff">`, []string{"bl-1||||" + foreign}},
		"an id, no address":                  {`<img data-coda-blob-id="bl-1" alt="x">`, []string{"bl-1|x|||" + none}},
		"an id, another blob":                {`<img data-coda-blob-id="bl-1" src="` + at + `bl-2/ff">`, []string{"bl-1||||" + other}},
		"impossible ids": {`<img data-coda-blob-id="../x" src="` + at + `bl-1/ff"><img src="` + at + `bl-%2f../ff"><img data-coda-blob-id="` + strings.Repeat("x", 129) + `">`,
			[]string{"impossible|../x", "impossible|bl-/..", "impossible|" + strings.Repeat("x", 129)}},
		"a video":             {`<video controls><source src="` + at + `bl-1/ff" type="video/mp4"></video>`, []string{"bl-1||video/mp4||" + at + "bl-1/ff"}},
		"a video with an id":  {`<video data-coda-blob-id="bl-1" alt="x"><source src="` + at + `bl-1/ff" type="video/mp4"><source src="` + at + `bl-2/ff"></video>`, []string{"bl-1|x|video/mp4||" + at + "bl-1/ff", "bl-2||||" + at + "bl-2/ff"}},
		"a video without one": {`<video data-coda-blob-id="bl-1"></video><source src="` + at + `bl-2/ff">`, []string{"bl-1||||" + none, "bl-2||||" + at + "bl-2/ff"}},
		"a file": {`<a data-coda-blob-id="bl-1" data-coda-mime-type="application/pdf" href="` + at + `bl-1/ff"> Report <b>(final)</b>.pdf </a> and more`,
			[]string{"bl-1|Report (final).pdf|application/pdf||" + at + "bl-1/ff"}},
		"a link to elsewhere": {`<a href="https://evil.example/x"><img data-coda-blob-id="bl-1" src="` + at + `bl-1/ff"></a>`, []string{"bl-1||||" + at + "bl-1/ff"}},
		"a link without end":  {`<a href="` + at + `bl-1/ff">x<a href="` + at + `bl-2/ff">y`, []string{"bl-1|x|||" + at + "bl-1/ff", "bl-2|y|||" + at + "bl-2/ff"}},
		"text that looks like one": {`<p>&lt;img data-coda-blob-id="bl-1"&gt;</p><!-- <img data-coda-blob-id="bl-2"> --><script>"<img data-coda-blob-id='bl-3'>"</script>` +
			`<div title='<img data-coda-blob-id="bl-4">'></div>`, nil},
		"twice": {`<img data-coda-blob-id="bl-1" src="` + at + `bl-1/ff"><img data-coda-blob-id="bl-1" alt="x" src="` + at + `bl-1/ff">`,
			[]string{"bl-1||||" + at + "bl-1/ff", "bl-1|x|||" + at + "bl-1/ff"}},
		"nothing": {"", nil},
	} {
		if got := told(blob.InPage([]byte(test.html), hosts)); !slices.Equal(got, test.want) {
			t.Errorf("%s:\n%q, want\n%q", name, got, test.want)
		}
	}
}

// A page may be nested as deep as it likes: no tree is made of it.
func TestAPageNestedDeepCostsNoMore(t *testing.T) {
	page := strings.Repeat("<div>", 200_000) + `<img data-coda-blob-id="bl-1" src="` + at + `bl-1/ff">`
	if got := told(blob.InPage([]byte(page), hosts)); len(got) != 1 {
		t.Errorf("%q", got)
	}
}

func TestInCellFindsEachImageObject(t *testing.T) {
	one := func(id, name, status string) string {
		return fmt.Sprintf(`{"@context":"http://schema.org/","@type":"ImageObject","name":%q,"url":"%s%s/ff","height":1,"width":2,"status":%q}`, name, at, id, status)
	}
	for name, test := range map[string]struct {
		cell string
		want []string
	}{
		"one":                 {one("bl-1", "a.png", "live"), []string{"bl-1|a.png||live|" + at + "bl-1/ff"}},
		"a list":              {"[" + one("bl-1", "a", "live") + "," + one("bl-2", "b", "deleted") + "]", []string{"bl-1|a||live|" + at + "bl-1/ff", "bl-2|b||deleted|" + at + "bl-2/ff"}},
		"nested":              {`[["x",[` + one("bl-1", "", "failed") + `]],{"b":` + one("bl-3", "", "live") + `,"a":` + one("bl-2", "", "live") + `}]`, []string{"bl-1|||failed|" + at + "bl-1/ff", "bl-2|||live|" + at + "bl-2/ff", "bl-3|||live|" + at + "bl-3/ff"}},
		"elsewhere":           {`{"@type":"ImageObject","name":"x","url":"https://evil.example/docs/D/blobs/bl-1/ff","status":"live"}`, nil},
		"no address":          {`{"@type":"ImageObject","name":"x","status":"failed"}`, nil},
		"wrong kinds":         {`{"@type":"ImageObject","name":7,"url":["x"],"status":null}`, nil},
		"another type":        {`{"@type":"WebPage","name":"x","url":"` + at + `bl-1/ff"}`, nil},
		"an impossible id":    {one("bl-%2f", "x", "live"), []string{"impossible|bl-/"}},
		"text":                {`"` + at + `bl-1/ff"`, nil},
		"text of an object":   {`"{\"@type\":\"ImageObject\"}"`, nil},
		"a number":            {`7`, nil},
		"nothing":             {``, nil},
		"what is not JSON":    {`[{"@type":"ImageObject"`, nil},
		"an escaped key":      {strings.Replace(one("bl-1", "", "live"), "@type", `\u0040type`, 1), []string{"bl-1|||live|" + at + "bl-1/ff"}},
		"a type in a string":  {`{"name":"\"@type\":\"ImageObject\"","url":"` + at + `bl-1/ff"}`, nil},
		"a list as its @type": {`{"@type":["ImageObject"],"url":"` + at + `bl-1/ff"}`, nil},
	} {
		if got := told(blob.InCell(json.RawMessage(test.cell), hosts)); !slices.Equal(got, test.want) {
			t.Errorf("%s:\n%q, want\n%q", name, got, test.want)
		}
	}
}

func TestInCoverFindsAPagesCover(t *testing.T) {
	for page, want := range map[string][]string{
		`{"id":"canvas-1","image":{"browserLink":"` + at + `bl-1/ff","type":"image/png","width":8}}`: {"bl-1||image/png||" + at + "bl-1/ff"},
		`{"id":"canvas-1","image":{"browserLink":"https://images.example/bl-1"}}`:                    nil,
		`{"id":"canvas-1"}`:            nil,
		`{"id":"canvas-1","image":""}`: nil,
	} {
		if got := told(blob.InCover(json.RawMessage(page), hosts)); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", page, got, want)
		}
	}
}

func TestOnlyCodasHostsMayBeAsked(t *testing.T) {
	const here = "http://127.0.0.1:8080/apis/v1"
	for address, want := range map[string]struct{ coda, here bool }{
		"https://codahosted.io/docs/D/blobs/bl-1/ff":     {true, true},
		"https://CODAHOSTED.io:443/x":                    {true, true},
		"https://a.b.codahosted.io/x":                    {true, true},
		"https://coda.io/blobs/bl-1":                     {true, true},
		"https://docs.superhuman.com/blobs/bl-1":         {true, true},
		"https://coda.io/apis/v1/docs":                   {false, false},
		"https://coda.io/blobs/../apis/v1/docs":          {false, false},
		"https://coda.io/blobs/%2e%2e/apis/v1/docs":      {false, false},
		"https://coda.io/blobsx/bl-1":                    {false, false},
		"https://notcodahosted.io/docs/D/blobs/bl-1/ff":  {false, false},
		"https://codahosted.io.evil.example/x":           {false, false},
		"https://evil.example/codahosted.io":             {false, false},
		"https://codahosted.io@evil.example/x":           {false, false},
		"https://user:password@codahosted.io/x":          {false, false},
		"https://codahosted.io:8443/x":                   {false, false},
		"https://sub.coda.io/blobs/bl-1":                 {false, false},
		"http://codahosted.io/x":                         {false, false},
		"ftp://codahosted.io/x":                          {false, false},
		"//codahosted.io/x":                              {false, false},
		"/docs/D/blobs/bl-1":                             {false, false},
		"http://127.0.0.1:9/docs/D/blobs/bl-1/ff":        {false, true},
		"http://localhost:9/x":                           {false, true},
		"https://[::1]:9/x":                              {false, true},
		"http://169.254.169.254/latest/meta-data":        {false, false},
		"http://10.0.0.1/x":                              {false, false},
		"http://127.0.0.1.evil.example/x":                {false, false},
		"https://codahosted.io%2f.evil.example/x":        {false, false},
		"https://exports.s3.us-west-2.amazonaws.com/x/y": {false, false},
	} {
		u, err := url.Parse(address)
		if err != nil {
			u = &url.URL{} // nobody can ask it
		}
		if got := blob.HostsOf(api).May(u); got != want.coda {
			t.Errorf("%s may be asked: %v, want %v", address, got, want.coda)
		}
		if got := blob.HostsOf(here).May(u); got != want.here {
			t.Errorf("%s may be asked where the API is on this machine: %v, want %v", address, got, want.here)
		}
	}
}

// An address does not show, however it is printed.
func TestAnAddressIsSecret(t *testing.T) {
	secret := at + "bl-1/0123456789abcdef"
	shown := blob.InPage([]byte(`<img data-coda-blob-id="bl-1" src="`+secret+`">`), hosts).Blobs[0]
	if shown.Address.Reveal() != secret {
		t.Fatalf("the address is %q", shown.Address.Reveal())
	}
	encoded, err := json.Marshal(shown)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "address", shown.Address, "shown", shown)
	hidden := struct{ address blob.Address }{shown.Address}
	for _, text := range []string{string(encoded), log.String(), fmt.Sprint(shown), fmt.Sprintf("%+v", shown), fmt.Sprintf("%#v", shown),
		fmt.Sprintf("%s %q %v", shown.Address, shown.Address, hidden), fmt.Sprintf("%#v", hidden)} {
		if strings.Contains(text, "0123456789abcdef") {
			t.Errorf("it shows in %s", text)
		}
	}
}

func TestASetPutsTogetherWhatADocShows(t *testing.T) {
	page := func(id, alt, kind, address string) blob.Found {
		return blob.InPage([]byte(fmt.Sprintf(`<img data-coda-blob-id=%q alt=%q data-coda-mime-type=%q src=%q>`, id, alt, kind, address)), hosts)
	}
	cell := func(id, name, status string) blob.Found {
		return blob.InCell([]byte(fmt.Sprintf(`{"@type":"ImageObject","name":%q,"url":%q,"status":%q}`, name, at+id+"/cell", status)), hosts)
	}
	use := func(table, row, column string) blob.Use {
		return blob.Use{TableID: table, RowID: row, ColumnID: column}
	}
	on := func(page string) blob.Use { return blob.Use{PageID: page} }
	adds := []func(*blob.Set){
		func(s *blob.Set) { s.Add(on("canvas-b"), page("bl-2", "of page b", "image/png", at+"bl-2/b")) },
		func(s *blob.Set) { s.Add(on("canvas-a"), page("bl-2", "", "image/gif", at+"bl-2/a")) },
		func(s *blob.Set) { s.Add(on("canvas-a"), page("bl-2", "again", "", at+"bl-2/a")) },
		func(s *blob.Set) { s.Add(on("canvas-a"), page("../x", "", "", at)) },
		func(s *blob.Set) { s.Add(on("canvas-c"), page("bl-1", "named by the page", "", at+"bl-1/c")) },
		func(s *blob.Set) {
			s.Add(use("grid-2", "i-1", "c-1"), cell("bl-1", "named by the second table", "live"))
		},
		func(s *blob.Set) {
			s.Add(use("grid-1", "i-2", "c-1"), cell("bl-1", "named by the first table", "live"))
		},
		func(s *blob.Set) { s.Add(use("grid-1", "i-1", "c-2"), cell("bl-1", "", "deleted")) },
		func(s *blob.Set) { s.Add(on("canvas-a"), page("bl-3", "gone", "", at+"bl-3/a")) },
		func(s *blob.Set) { s.Add(use("grid-1", "i-1", "c-2"), cell("bl-3", "", "deleted")) },
		func(s *blob.Set) { s.Add(on("canvas-a"), page("bl-4", "", "", "https://evil.example/bl-4")) },
		func(s *blob.Set) { s.Add(on("canvas-a"), page("bl-5", "", "", "https://evil.example/bl-5")) },
		func(s *blob.Set) { s.Add(on("canvas-b"), page("bl-5", "", "", at+"bl-5/b")) },
	}
	want := []string{
		"bl-1 'named by the first table' '' live [{ grid-1 i-1 c-2} { grid-1 i-2 c-1} { grid-2 i-1 c-1} {canvas-c   }] <nil> wanted true",
		"bl-2 'again' 'image/gif' live [{canvas-a   } {canvas-b   }] <nil> wanted true",
		"bl-3 'gone' '' deleted [{ grid-1 i-1 c-2} {canvas-a   }] <nil> wanted false",
		"bl-4 '' '' live [{canvas-a   }] " + blob.ErrForeignHost.Error() + " wanted false",
		"bl-5 '' '' live [{canvas-a   } {canvas-b   }] <nil> wanted true",
	}
	for _, order := range []string{"forwards", "backwards"} {
		var s blob.Set
		for _, add := range adds {
			add(&s)
		}
		var got []string
		for _, f := range s.Files() {
			if f.Problem == nil && !strings.HasPrefix(f.Address.Reveal(), at+f.ID) {
				t.Errorf("%s has the address %q", f.ID, f.Address.Reveal())
			}
			got = append(got, fmt.Sprintf("%s '%s' '%s' %s %v %v wanted %v", f.ID, f.Name, f.Type, f.Status, f.UsedBy, f.Problem, f.Wanted()))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\nwant\n%s", order, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if got := s.Impossible(); !slices.Equal(got, []string{"../x"}) {
			t.Errorf("impossible: %q", got)
		}
		slices.Reverse(adds)
	}
	var none blob.Set
	if files := none.Files(); files == nil || len(files) > 0 || none.Impossible() != nil {
		t.Errorf("an empty set has %v", files)
	}
}

func TestColumnsThatMayShowBlobs(t *testing.T) {
	for kind, want := range map[string]bool{"image": true, "imageReference": true, "attachments": true, "imageAttachments": true, "other": true, "hologram": true, "": true,
		"text": false, "canvas": false, "lookup": false, "number": false, "button": false} {
		if blob.ColumnMay(kind) != want {
			t.Errorf("%q: %v, want %v", kind, !want, want)
		}
	}
}

// Whatever a page is made of, nothing that is found leads to another host or out of a folder.
func FuzzInPage(f *testing.F) {
	f.Add([]byte(`<img data-coda-blob-id="bl-1" alt="x" src="` + at + `bl-1/ff"><video data-coda-blob-id="bl-2"><source src="` + at + `bl-2/ff"></video>`))
	f.Add([]byte(`<a data-coda-blob-id="../../x" href="https://evil.example/">x</a><img src="https://codahosted.io@evil.example/docs/D/blobs/bl-1">`))
	f.Add([]byte(`<svg><![CDATA[<img data-coda-blob-id=bl-1]]></svg><textarea><img data-coda-blob-id=bl-2></textarea><plaintext><img data-coda-blob-id=bl-3`))
	f.Fuzz(func(t *testing.T, page []byte) {
		first, second := blob.InPage(page, hosts), blob.InPage(page, hosts)
		if !slices.Equal(told(first), told(second)) {
			t.Error("found other things the second time")
		}
		var s blob.Set
		s.Add(blob.Use{PageID: "canvas-1"}, first)
		for _, b := range s.Files() {
			if !blob.ValidID(b.ID) || b.Address.IsZero() == (b.Problem == nil) {
				t.Errorf("%q with address %v and problem %v", b.ID, b.Address, b.Problem)
			}
			if u, err := url.Parse(b.Address.Reveal()); b.Problem == nil && (err != nil || !hosts.May(u)) {
				t.Errorf("%s may not be asked", b.Address.Reveal())
			}
		}
		for _, id := range first.Impossible {
			if blob.ValidID(id) {
				t.Errorf("%q is possible", id)
			}
		}
	})
}

// Whatever a cell holds, the same.
func FuzzInCell(f *testing.F) {
	f.Add([]byte(`[{"@type":"ImageObject","name":"x","url":"` + at + `bl-1/ff","status":"live"},{"a":{"@type":"ImageObject","url":"https://evil.example"}}]`))
	f.Fuzz(func(t *testing.T, cell []byte) {
		for _, b := range blob.InCell(cell, hosts).Blobs {
			u, err := url.Parse(b.Address.Reveal())
			if !blob.ValidID(b.ID) || b.Problem != nil && !errors.Is(b.Problem, blob.ErrOtherBlob) || b.Problem == nil && (err != nil || !hosts.May(u)) {
				t.Errorf("%q: %v", b.ID, b.Problem)
			}
		}
	})
}
