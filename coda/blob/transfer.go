package blob

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/codafs/codafs/coda/rest"
)

// transfer is the way of one blob to its writer, over as many answers as it takes. One goroutine uses it.
type transfer struct {
	f    *Fetcher
	u    *url.URL
	file File
	w    io.Writer

	written     int64
	sum         hash.Hash // of what was written
	total       int64     // that was announced, -1 as long as nothing was
	etag        string
	failedWrite error // w's
	buffer      []byte
}

func newTransfer(f *Fetcher, u *url.URL, file File, w io.Writer) *transfer {
	return &transfer{f: f, u: u, file: file, w: w, sum: sha256.New(), total: -1}
}

// inTurn goes on with the transfer when there is a place for it. Who waits to try again has none.
func (t *transfer) inTurn(ctx context.Context) *rest.Error {
	select {
	case t.f.running <- struct{}{}:
	case <-ctx.Done():
		return &rest.Error{Code: rest.CodeUnreachable, Err: ctx.Err()}
	}
	defer func() { <-t.f.running }()
	if err := take(ctx, t.f.requests, 1); err != nil {
		return &rest.Error{Code: rest.CodeUnreachable, Err: err}
	}
	if t.buffer == nil {
		t.buffer = make([]byte, chunk)
	}
	return t.goOn(ctx)
}

// goOn asks for what is missing and writes it.
func (t *transfer) goOn(ctx context.Context) *rest.Error {
	header, want := http.Header{}, []int{http.StatusOK}
	if t.written > 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-", t.written))
		if t.etag != "" {
			header.Set("If-Range", t.etag)
		}
		want = append(want, http.StatusPartialContent, http.StatusRequestedRangeNotSatisfiable)
	}
	s, e := t.f.client.Open(ctx, t.u, header, t.f.hosts.May, want...)
	if e != nil {
		return inWordsOfBlobs(e)
	}
	defer s.Close()
	if s.Status == http.StatusRequestedRangeNotSatisfiable {
		return t.nothingLeft(s)
	}
	skip, e := t.begin(s)
	if e != nil {
		return e
	}
	if e := t.skip(ctx, s, skip); e != nil {
		return e
	}
	return t.copy(ctx, s)
}

// begin judges an answer by its header, and tells how many bytes of its body are known already.
func (t *transfer) begin(s *rest.Stream) (skip int64, e *rest.Error) {
	first, total := int64(0), s.Length
	if s.Status == http.StatusPartialContent {
		var ok bool
		if first, total, ok = contentRange(s.Header.Get("Content-Range"), t.written); !ok {
			return 0, otherPart()
		}
	}
	switch {
	case t.total >= 0 && total >= 0 && total != t.total:
		return 0, failed(CodeWrongLength, "the host announced %d bytes, then %d", t.total, total)
	case total > t.f.maxSize:
		return 0, tooLarge("it has %d bytes, more than the %d that may be fetched", total, t.f.maxSize)
	}
	if e := t.checkType(s.Header); e != nil {
		return 0, e
	}
	t.total = max(t.total, total)
	if tag := s.Header.Get("ETag"); strings.HasPrefix(tag, `"`) { // a weak one is no promise about bytes
		t.etag = tag
	}
	return t.written - first, nil
}

// nothingLeft judges the answer that there is nothing behind what was written.
func (t *transfer) nothingLeft(s *rest.Stream) *rest.Error {
	var has int64
	n, _ := fmt.Sscanf(s.Header.Get("Content-Range"), "bytes */%d", &has)
	if n == 1 && has == t.written && t.total < 0 {
		return nil // the end was not announced, and has come
	}
	return failed(CodeWrongLength, "the host announced %d bytes, and has %d", t.total, t.written)
}

func otherPart() *rest.Error {
	return failed(rest.CodeBadAnswer, "the host sent another part of the file than it was asked for")
}

// contentRange reads the header of a part: where it begins, and how long the whole is, -1 if that is not known. ok is false if what
// was asked for, from which on, is not in it.
func contentRange(header string, from int64) (first, total int64, ok bool) {
	var last int64
	n, _ := fmt.Sscanf(header, "bytes %d-%d/%d", &first, &last, &total)
	if n < 3 {
		total = -1
	}
	return first, total, n >= 2 && 0 <= first && first <= from && from <= last
}

// webTypes are those of the pages that something between this machine and the blob host answers with, and of a storage's errors.
var webTypes = []string{"text/html", "application/xhtml+xml", "application/xml", "text/xml"}

// checkType refuses what cannot be the blob: a web page in its place, and what is compressed, of which no part could be resumed.
func (t *transfer) checkType(h http.Header) *rest.Error {
	if coding := strings.ToLower(h.Get("Content-Encoding")); !slices.Contains([]string{"", "identity", "none", "aws-chunked"}, coding) {
		return failed(rest.CodeBadAnswer, "it is compressed, as %.20q, which was not asked for", coding)
	}
	media, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	if !slices.Contains(webTypes, media) || media == t.file.Type {
		return nil
	}
	if ending := strings.ToLower(path.Ext(t.file.Name)); t.file.Type == "" && slices.Contains([]string{".html", ".htm", ".xhtml", ".xml", ".svg"}, ending) {
		return nil
	}
	return &rest.Error{Code: rest.CodeBadAnswer, Message: fmt.Sprintf("it came as %s: a web page or an error, not the file", media)}
}

// skip reads what was written before, and holds it against that.
func (t *transfer) skip(ctx context.Context, s *rest.Stream, n int64) *rest.Error {
	if n == 0 {
		return nil
	}
	if n != t.written {
		return otherPart()
	}
	again := sha256.New()
	if e := t.read(ctx, io.LimitReader(s, n), func(b []byte) *rest.Error { again.Write(b); return nil }); e != nil {
		return e
	}
	if !slices.Equal(again.Sum(nil), t.sum.Sum(nil)) {
		return failed(CodeWrongBytes, "the host sent other bytes than before")
	}
	return nil
}

// copy writes the rest of the answer.
func (t *transfer) copy(ctx context.Context, s *rest.Stream) *rest.Error {
	e := t.read(ctx, s, func(b []byte) *rest.Error {
		if t.written+int64(len(b)) > t.f.maxSize {
			return tooLarge("it has more than the %d bytes that may be fetched", t.f.maxSize)
		}
		n, err := t.w.Write(b)
		t.sum.Write(b[:n])
		t.written += int64(n)
		t.f.fetched.Add(int64(n))
		if err != nil {
			t.failedWrite = err
			return &rest.Error{Err: err, Final: true}
		}
		return nil
	})
	if e == nil && t.total >= 0 && t.written != t.total {
		return &rest.Error{Code: rest.CodeUnreachable, Err: fmt.Errorf("%d bytes of %d: %w", t.written, t.total, io.ErrUnexpectedEOF)}
	}
	return e
}

// read passes what r brings to use, at the pace that is allowed.
func (t *transfer) read(ctx context.Context, r io.Reader, use func([]byte) *rest.Error) *rest.Error {
	for {
		n, err := r.Read(t.buffer)
		if n > 0 {
			if e := use(t.buffer[:n]); e != nil {
				return e
			}
			if err := take(ctx, t.f.bytes, n); err != nil {
				return &rest.Error{Code: rest.CodeUnreachable, Err: err}
			}
		}
		switch e := err.(type) {
		case nil:
		case *rest.Error:
			return e
		default: // the end
			return nil
		}
	}
}
