package rest

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// acceptEncoding is what this client asks for. It asks itself: net/http would undo gzip alone, once, and
// remove the Content-Length that the body must be held against.
const acceptEncoding = "gzip"

// maxLayers bounds how often a body is compressed: somebody on the way may have done it once more.
const maxLayers = 4

const gzipMagic = "\x1f\x8b\x08"

// noCoding are words in a Content-Encoding that change nothing. S3 keeps the last from an upload.
var noCoding = []string{"", "identity", "none", "utf-8", "aws-chunked"}

var (
	errTooLarge = errors.New("the answer is too large")
	errCoded    = errors.New("the answer is compressed in a way that cannot be undone")
)

// readBody reads a body as long as its header says, at most limit bytes of it, and undoes all its
// compression: what the header names, and gzip that it does not name. coded reports whether there was any.
// All bodies of good answers are read here. The error is errTooLarge, errCoded or the network's.
func readBody(resp *http.Response, limit int64) (body []byte, coded bool, err error) {
	if resp.ContentLength > limit {
		return nil, false, tooLarge(limit)
	}
	body, err = readUpTo(resp.Body, limit)
	if err != nil {
		return nil, false, err
	}
	if n := int64(len(body)); resp.ContentLength >= 0 && n != resp.ContentLength {
		return nil, false, fmt.Errorf("%d bytes of %d: %w", n, resp.ContentLength, io.ErrUnexpectedEOF)
	}
	told := codings(resp.Header)
	for layer := 0; len(told) > layer || bytes.HasPrefix(body, []byte(gzipMagic)); layer++ {
		name := "gzip"
		if layer < len(told) {
			name = told[layer]
		}
		if layer == maxLayers {
			return nil, true, fmt.Errorf("%w: more than %d times", errCoded, maxLayers)
		}
		if body, err = undo(name, body, limit); err != nil {
			return nil, true, err
		}
		coded = true
	}
	return body, coded, nil
}

// codings are the compressions that a header names, the last one applied first.
func codings(h http.Header) (told []string) {
	for name := range strings.SplitSeq(strings.Join(h.Values("Content-Encoding"), ","), ",") {
		if name = strings.ToLower(strings.TrimSpace(name)); !slices.Contains(noCoding, name) {
			told = append(told, name)
		}
	}
	slices.Reverse(told)
	return told
}

// undo undoes one compression, which must be whole and all there is.
func undo(name string, b []byte, limit int64) (plain []byte, err error) {
	in := bytes.NewReader(b)
	switch name {
	case "gzip", "x-gzip":
		z := gzips.Get().(*gzip.Reader)
		defer gzips.Put(z)
		if err = z.Reset(in); err == nil {
			plain, err = readUpTo(z, limit)
		}
	case "deflate": // meant to be zlib, which some leave out
		var z io.ReadCloser
		if z, err = zlib.NewReader(in); err != nil {
			in.Reset(b)
			z = flate.NewReader(in)
		}
		plain, err = readUpTo(z, limit)
	default:
		return nil, fmt.Errorf("%w: as %.20q, which was not asked for", errCoded, name)
	}
	switch {
	case errors.Is(err, errTooLarge):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w: %s: %w", errCoded, name, err)
	case in.Len() > 0:
		return nil, fmt.Errorf("%w: %s: there is more behind its end", errCoded, name)
	}
	return plain, nil
}

// gzips are kept for the next answer: each has tables of 40 kB.
var gzips = sync.Pool{New: func() any { return new(gzip.Reader) }}

// readUpTo reads all of r, or fails with errTooLarge.
func readUpTo(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		return nil, tooLarge(limit)
	}
	return b, err
}

func tooLarge(limit int64) error { return fmt.Errorf("%w: more than %d MiB", errTooLarge, limit>>20) }
