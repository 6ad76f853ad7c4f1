package blob_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/blob"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rest"
)

// faultCase is something that goes wrong with a fetch, and what becomes of it.
type faultCase struct {
	faults []codatest.Fault
	codes  []rest.Code // one of which the error has; none: the bytes are right
	sent   int         // requests to the blob host, 0 where that depends on the machine
	// delay is what a slow body waits where time is real.
	delay time.Duration
}

// once is a fault of one request, then of the one after those before it.
func once(kinds ...codatest.Kind) (all []codatest.Fault) {
	for i, kind := range kinds {
		all = append(all, codatest.Fault{Kind: kind, Skip: i, Times: 1})
	}
	return all
}

func always(f codatest.Fault) []codatest.Fault { return []codatest.Fault{f} }

func status(n int, header ...string) codatest.Fault {
	f := codatest.Fault{Status: n, Header: http.Header{}}
	for i := 0; i < len(header); i += 2 {
		f.Header.Set(header[i], header[i+1])
	}
	return f
}

func times(n int, f codatest.Fault) []codatest.Fault {
	f.Times = n
	return []codatest.Fault{f}
}

// faultCases are all that can go wrong with one blob, for a client with two retries.
var faultCases = map[string]faultCase{
	"nothing":              {nil, nil, 1, 0},
	"expired":              {always(status(403)), []rest.Code{blob.CodeExpired}, 1, 0},
	"unauthorized":         {always(status(401)), []rest.Code{blob.CodeExpired}, 1, 0},
	"gone":                 {always(status(410)), []rest.Code{blob.CodeGone}, 1, 0},
	"not there":            {always(status(404)), []rest.Code{blob.CodeGone}, 1, 0},
	"out of order, once":   {times(1, status(503)), nil, 2, 0},
	"out of order":         {always(status(500)), []rest.Code{rest.CodeServerError}, 3, 0},
	"too many, once":       {times(1, status(429, "Retry-After", "1")), nil, 2, 0},
	"reset, once":          {once(codatest.Reset), nil, 2, 0},
	"dies, once":           {once(codatest.ResetBody), nil, 2, 0},
	"dies twice":           {once(codatest.ResetBody, codatest.ResetBody), nil, 3, 0},
	"dies":                 {always(codatest.Fault{Kind: codatest.ResetBody}), []rest.Code{rest.CodeUnreachable, blob.CodeWrongLength}, 0, 0},
	"cut, once":            {once(codatest.Truncated), nil, 2, 0},
	"cut":                  {always(codatest.Fault{Kind: codatest.Truncated}), []rest.Code{blob.CodeWrongLength}, 0, 0},
	"wrong length":         {always(codatest.Fault{Kind: codatest.WrongLength}), []rest.Code{blob.CodeWrongLength}, 2, 0},
	"no ranges":            {always(codatest.Fault{Kind: codatest.NoRange}), nil, 1, 0},
	"cut, then no ranges":  {once(codatest.Truncated, codatest.NoRange), nil, 2, 0},
	"cut, then other part": {once(codatest.Truncated, codatest.OtherRange), nil, 2, 0},
	"cut, then no length":  {once(codatest.Truncated, codatest.Chunked), nil, 2, 0},
	"no length":            {always(codatest.Fault{Kind: codatest.Chunked}), nil, 1, 0},
	"a web page, once":     {once(codatest.HTML), nil, 2, 0},
	"a web page":           {always(codatest.Fault{Kind: codatest.HTML}), []rest.Code{rest.CodeBadAnswer}, 3, 0},
	"slow":                 {always(codatest.Fault{Kind: codatest.SlowBody, Delay: 50 * time.Second}), nil, 1, time.Millisecond},
	"redirect elsewhere":   {always(status(302, "Location", codatest.Elsewhere+"/x")), []rest.Code{blob.CodeForeignHost}, 1, 0},
	"redirect to http":     {always(status(307, "Location", "http://codahosted.io/docs/D/blobs/bl-1/ff")), []rest.Code{blob.CodeForeignHost}, 1, 0},
	"redirect to the API":  {always(status(302, "Location", "https://coda.io/apis/v1/whoami")), []rest.Code{blob.CodeForeignHost}, 1, 0},
	"redirect with a user": {always(status(302, "Location", "https://user:password@codahosted.io/x")), []rest.Code{blob.CodeForeignHost}, 1, 0},
	"redirect to nowhere":  {always(status(302)), []rest.Code{rest.CodeBadAnswer}, 3, 0},
}

// run has one blob meet one fault.
func (c faultCase) run(t *testing.T, w *world, id string) {
	for _, f := range c.faults {
		w.fault(f)
	}
	got, err := w.fetch(t.Context(), w.file(id))
	switch {
	case len(c.codes) > 0 && (err == nil || !slices.Contains(c.codes, rest.CodeOf(err))):
		t.Errorf("%v, want %v", err, c.codes)
	case len(c.codes) == 0 && (err != nil || !bytes.Equal(got, bytesOf(t, id))):
		t.Errorf("%d bytes, %v", len(got), err)
	case err != nil && !bytes.HasPrefix(bytesOf(t, id), got):
		t.Errorf("%d bytes that are not the blob's", len(got))
	case err != nil:
		noAddress(t, fmt.Sprintf("%v %+v", err, err))
	}
	if n := w.BlobRequests()[id]; c.sent > 0 && n != c.sent {
		t.Errorf("%d requests, want %d", n, c.sent)
	}
	if dead := slices.Contains(c.codes, blob.CodeExpired) || slices.Contains(c.codes, blob.CodeGone); blob.NeedsAddress(err) != dead {
		t.Errorf("%v needs another address: %v, want %v", err, !dead, dead)
	}
}

func TestEachFaultBringsRightBytesOrATypedError(t *testing.T) {
	options := coda.Options{MaxRetries: 2}
	for name, c := range faultCases {
		for _, id := range []string{small, large} {
			t.Run(name+"/"+id+"/memory", func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c.run(t, inMemory(t, workspace(), codatest.Options{}, options, blob.Options{}), id)
				})
			})
			t.Run(name+"/"+id+"/sockets", func(t *testing.T) {
				t.Parallel() // it waits before it asks again
				real := c
				real.faults = slices.Clone(c.faults)
				for i := range real.faults {
					real.faults[i].Delay = min(real.faults[i].Delay, c.delay)
				}
				real.run(t, overSockets(t, workspace(), options, blob.Options{}), id)
			})
		}
	}
}

// A broken transfer goes on where it broke, as long as the blob is the same one.
func TestABrokenTransferIsResumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := inMemory(t, workspace(), codatest.Options{}, coda.Options{}, blob.Options{})
		for _, f := range once(codatest.Truncated, codatest.ResetBody) {
			w.fault(f)
		}
		if got, err := w.fetch(t.Context(), w.file(large)); err != nil || !bytes.Equal(got, bytesOf(t, large)) {
			t.Fatal(len(got), err)
		}
		half, rest := largeSize/2, largeSize-largeSize/2
		var ranges []string
		for _, r := range w.Requests() {
			ranges = append(ranges, r.Range)
		}
		if want := []string{"", fmt.Sprintf("bytes=%d-", half), fmt.Sprintf("bytes=%d-", half+rest/2)}; !slices.Equal(ranges, want) {
			t.Errorf("asked for %q, want %q", ranges, want)
		}
	})
}

// Of a large blob over a bad line each piece counts: what moves on does not use up its retries.
func TestALargeTransferMayBreakOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state := workspace()
		state.Docs[0].Blobs[1].Content = codatest.Noise(3, 10<<20)
		w := inMemory(t, state, codatest.Options{}, coda.Options{MaxRetries: 2}, blob.Options{})
		w.fault(codatest.Fault{Kind: codatest.Truncated, Times: 6})
		if n, err := w.Fetch(t.Context(), doc, w.file(large), io.Discard); err != nil || n != 10<<20 || w.BlobRequests()[large] != 7 {
			t.Errorf("%d bytes in %d requests: %v", n, w.BlobRequests()[large], err)
		}
	})
}

// An id names bytes for good. Where a host sends others meanwhile, nobody gets half of each.
func TestBytesThatChangeAreAnError(t *testing.T) {
	for name, c := range map[string]struct {
		content codatest.Content
		code    rest.Code
	}{
		"other bytes":   {codatest.Noise(9, largeSize), blob.CodeWrongBytes},
		"another size":  {codatest.Noise(2, largeSize+1), blob.CodeWrongLength},
		"nothing there": {strings.NewReader(""), blob.CodeWrongLength},
	} {
		synctest.Test(t, func(t *testing.T) {
			state := workspace()
			w := inMemory(t, state, codatest.Options{}, coda.Options{}, blob.Options{})
			w.fault(codatest.Fault{Kind: codatest.Truncated, Times: 1})
			w.fault(codatest.Fault{Kind: codatest.Meanwhile, Skip: 1, Times: 1, Do: func() {
				state.Recompute(doc, func(d *codatest.Doc) { d.Blobs[1].Content = c.content })
			}})
			if _, err := w.fetch(t.Context(), w.file(large)); rest.CodeOf(err) != c.code {
				t.Errorf("%s: %v, want %s", name, err, c.code)
			}
		})
	}
}

// A host that says nothing for a minute is asked again, and one that is slow is not.
func TestASilentTransferIsResumed(t *testing.T) {
	for delay, sent := range map[time.Duration]int{50 * time.Second: 1, 70 * time.Second: 2} {
		synctest.Test(t, func(t *testing.T) {
			w := inMemory(t, workspace(), codatest.Options{}, coda.Options{}, blob.Options{})
			w.fault(codatest.Fault{Kind: codatest.SlowBody, Delay: delay, Times: 1})
			if got, err := w.fetch(t.Context(), w.file(large)); err != nil || !bytes.Equal(got, bytesOf(t, large)) || w.BlobRequests()[large] != sent {
				t.Errorf("%v: %d bytes in %d requests: %v", delay, len(got), w.BlobRequests()[large], err)
			}
		})
	}
}

func TestABlobIsAsLargeAsItMayBe(t *testing.T) {
	for _, c := range []struct {
		max  int64
		kind codatest.Kind // "" is none
		code rest.Code
		got  int
	}{
		{largeSize, "", "", largeSize},
		{largeSize - 1, "", rest.CodeTooLarge, 0},
		{largeSize, codatest.Chunked, "", largeSize},
		{1 << 20, codatest.Chunked, rest.CodeTooLarge, 1 << 20},
	} {
		w := overSockets(t, workspace(), coda.Options{}, blob.Options{MaxSize: c.max})
		if c.kind != "" {
			w.fault(codatest.Fault{Kind: c.kind})
		}
		got, err := w.fetch(t.Context(), w.file(large))
		if rest.CodeOf(err) != c.code || c.code == "" && len(got) != c.got || len(got) > c.got || w.BlobRequests()[large] != 1 {
			t.Errorf("at most %d bytes, %q: %d bytes in %d requests, %v", c.max, c.kind, len(got), w.BlobRequests()[large], err)
		}
	}
}

// What a page says can make nobody ask another host, nor for what is not there.
func TestWhatMustNotBeAskedIsNot(t *testing.T) {
	w := overSockets(t, workspace(), coda.Options{}, blob.Options{})
	at := func(address string) blob.File {
		return blob.File{ID: small, Status: blob.Live, Address: blob.NewAddress(address)}
	}
	for name, c := range map[string]struct {
		file blob.File
		code rest.Code
	}{
		"elsewhere":     {at(codatest.Elsewhere + "/docs/D/blobs/bl-1/ff"), blob.CodeForeignHost},
		"plain http":    {at("http://codahosted.io/docs/D/blobs/bl-1/ff"), blob.CodeForeignHost},
		"no address":    {blob.File{ID: small, Status: blob.Live}, blob.CodeForeignHost},
		"no URL":        {at("http://[::1/%zz"), blob.CodeForeignHost},
		"a problem":     {blob.File{ID: small, Status: blob.Live, Problem: blob.ErrForeignHost, Address: w.file(small).Address}, blob.CodeForeignHost},
		"deleted":       {blob.File{ID: small, Status: "deleted", Address: w.file(small).Address}, blob.CodeGone},
		"failed upload": {blob.File{ID: small, Status: "failed", Address: w.file(small).Address}, blob.CodeGone},
	} {
		got, err := w.fetch(t.Context(), c.file)
		if rest.CodeOf(err) != c.code || len(got) > 0 || !strings.HasPrefix(err.Error(), "GET /docs/"+doc+"/blobs/"+small+": ") {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
		noAddress(t, err.Error())
	}
	if sent := w.Requests(); len(sent) > 0 {
		t.Errorf("asked for %v", sent)
	}
}

// A dead address is mended by a new one, and the error says so.
func TestAnAddressThatExpiredNeedsANewOne(t *testing.T) {
	w := overSockets(t, workspace(), coda.Options{}, blob.Options{})
	old := w.file(small)
	w.ExpireBlobs()
	_, err := w.fetch(t.Context(), old)
	if !blob.NeedsAddress(err) || rest.CodeOf(err) != blob.CodeExpired {
		t.Fatalf("%v", err)
	}
	if got, err := w.fetch(t.Context(), w.file(small)); err != nil || !bytes.Equal(got, bytesOf(t, small)) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestARedirectBetweenBlobHostsIsFollowed(t *testing.T) {
	w := overSockets(t, workspace(), coda.Options{}, blob.Options{})
	w.fault(codatest.Fault{Status: 302, Header: http.Header{"Location": {w.BlobURL(doc, large)}}, Times: 1})
	if got, err := w.fetch(t.Context(), w.file(small)); err != nil || !bytes.Equal(got, bytesOf(t, large)) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestOfflineNothingIsAsked(t *testing.T) {
	w := overSockets(t, workspace(), coda.Options{Offline: true}, blob.Options{})
	if _, err := w.fetch(t.Context(), w.file(small)); rest.CodeOf(err) != rest.CodeOffline || len(w.Requests()) > 0 {
		t.Errorf("%v, %d requests", err, len(w.Requests()))
	}
}

// brokenDisk takes so many bytes.
type brokenDisk struct{ room int }

var errFull = errors.New("no space left on device")

func (d *brokenDisk) Write(b []byte) (int, error) {
	n := min(len(b), d.room)
	if d.room -= n; n < len(b) {
		return n, errFull
	}
	return n, nil
}

func TestAWriterThatFailsEndsTheFetch(t *testing.T) {
	w := overSockets(t, workspace(), coda.Options{}, blob.Options{})
	n, err := w.Fetch(t.Context(), doc, w.file(large), &brokenDisk{100_000})
	if !errors.Is(err, errFull) || n != 100_000 || w.BlobRequests()[large] != 1 {
		t.Errorf("%d bytes in %d requests: %v", n, w.BlobRequests()[large], err)
	}
}

// Wherever a fetch waits, it leaves with its context, and nothing stays behind (the bubble would not end).
func TestAFetchLeavesWithItsContext(t *testing.T) {
	stop := errors.New("stop")
	for name, fault := range map[string]codatest.Fault{
		"in the middle of the body": {Kind: codatest.SlowBody, Delay: 50 * time.Second},
		"before the next try":       status(429, "Retry-After", "60"),
	} {
		synctest.Test(t, func(t *testing.T) {
			w := inMemory(t, workspace(), codatest.Options{}, coda.Options{}, blob.Options{BytesPerSecond: 1 << 20})
			w.fault(fault)
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(20*time.Second, func() { cancel(stop) })
			start := time.Now()
			if _, err := w.fetch(ctx, w.file(large)); !errors.Is(err, stop) || time.Since(start) != 20*time.Second {
				t.Errorf("%s: %v after %v", name, err, time.Since(start))
			}
		})
	}
}

// Many blobs are fetched four at a time, 20 a second.
func TestFetchesArePaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := inMemory(t, workspace(), codatest.Options{Latency: 10 * time.Second}, coda.Options{}, blob.Options{})
		var all sync.WaitGroup
		start := time.Now()
		for range 12 {
			all.Go(func() { w.fetch(t.Context(), w.file(small)) })
		}
		all.Wait()
		if took := time.Since(start); took != 30*time.Second { // three times four
			t.Errorf("12 slow ones took %v", took)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		w := inMemory(t, workspace(), codatest.Options{}, coda.Options{}, blob.Options{})
		start := time.Now()
		var all sync.WaitGroup
		for range 104 {
			all.Go(func() { w.fetch(t.Context(), w.file(small)) })
		}
		all.Wait()
		if took := time.Since(start).Round(time.Millisecond); took != 5*time.Second { // four at once, then 100
			t.Errorf("104 fast ones took %v", took)
		}
	})
}

// --limit-download holds for all fetches together.
func TestBytesArePaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const perSecond = 100_000
		w := inMemory(t, workspace(), codatest.Options{}, coda.Options{}, blob.Options{BytesPerSecond: perSecond})
		start := time.Now()
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				if _, err := w.fetch(t.Context(), w.file(large)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		least := time.Duration(3*largeSize-4*(32<<10)) * time.Second / perSecond
		if took, most := time.Since(start), time.Duration(3*largeSize)*time.Second/perSecond; took < least || took > most {
			t.Errorf("took %v, want %v to %v", took, least, most)
		}
	})
}

// counter counts what is written to it, and the largest piece.
type counter struct {
	n       int64
	largest int
}

func (c *counter) Write(b []byte) (int, error) {
	c.n += int64(len(b))
	c.largest = max(c.largest, len(b))
	return len(b), nil
}

func TestStatsCountWhatCameWhole(t *testing.T) {
	w := inMemory(t, workspace(), codatest.Options{}, coda.Options{MaxRetries: rest.NoRetries}, blob.Options{})
	for _, id := range []string{small, large} {
		if _, err := w.fetch(t.Context(), w.file(id)); err != nil {
			t.Fatal(err)
		}
	}
	w.fault(codatest.Fault{Status: 404})
	if _, err := w.fetch(t.Context(), w.file(small)); err == nil {
		t.Error("no error")
	}
	if got, want := w.Stats(), (blob.Stats{Done: 2, Bytes: 600 + largeSize}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
