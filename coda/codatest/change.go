package codatest

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
)

// Answer is an answer while a fault of kind Changed works on it. It is sent as it is then: nothing
// is compressed any more.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte // as the service means it: not compressed
}

// changed has f work on the true answer.
func (a *answer) changed(f func(*Answer)) {
	if a.header.Get("Content-Encoding") == "gzip" {
		a.header.Del("Content-Encoding")
		a.body = unzip(a.body)
	}
	c := &Answer{a.status, a.header, a.body}
	f(c)
	*a = answer{c.Status, c.Header, c.Body, true}
}

// unzip undoes zip. Anything else is a mistake of the stand-in, and panics.
func unzip(b []byte) []byte {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		panic(err) // we compressed it
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		panic(err)
	}
	return plain
}

// With is a change of the body alone, its type and its status, which are left as they are where they
// are "" and 0.
func With(status int, contentType, body string) func(*Answer) {
	return func(a *Answer) {
		if a.Body = []byte(body); status != 0 {
			a.Status = status
		}
		if contentType != "" {
			a.Header.Set("Content-Type", contentType)
		}
	}
}

// Encoded compresses the body once for each of how (gzip, zlib, deflate) and has the header say told,
// which may be a lie; "" is no header.
func Encoded(told string, how ...string) func(*Answer) {
	return func(a *Answer) {
		for _, name := range how {
			var b bytes.Buffer
			w := map[string]func() io.WriteCloser{
				"gzip": func() io.WriteCloser { return gzip.NewWriter(&b) },
				"zlib": func() io.WriteCloser { return zlib.NewWriter(&b) },
				"deflate": func() io.WriteCloser {
					w, _ := flate.NewWriter(&b, flate.DefaultCompression) // a level that exists
					return w
				},
			}[name]()
			w.Write(a.Body) // b takes everything
			w.Close()
			a.Body = b.Bytes()
		}
		if told != "" {
			a.Header.Set("Content-Encoding", told)
		}
	}
}
