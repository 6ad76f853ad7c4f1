package codatest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// The download host holds the files of complete exports. It works as an S3 bucket with
// presigned links does: a link names its file, when it was made and how long it works, and
// is signed over all that. Whoever sends a token as well is refused.

const linkStamp = "20060102T150405Z"

// linkNonce makes any two links differ, also those made in the same second.
var linkNonce atomic.Int64

// exportPath is the path of a page's file on the download host. It has no format and no export in it: all exports of a
// page have one file, so that a later one replaces an earlier one's.
func exportPath(page, doc string) string {
	return "/DOC_EXPORT_RENDERING/" + url.PathEscape(page) + "/" + url.PathEscape(doc)
}

// downloadLink makes a link to a file that works from now on for Options.LinkLife.
func (s *Server) downloadLink(path string) string {
	q := url.Values{
		"X-Amz-Algorithm":      {"AWS4-HMAC-SHA256"},
		"X-Amz-Date":           {s.o.Now().UTC().Format(linkStamp)},
		"X-Amz-Expires":        {strconv.Itoa(int(s.o.LinkLife / time.Second))},
		"X-Amz-Security-Token": {strconv.FormatInt(linkNonce.Add(1), 10)},
		"X-Amz-SignedHeaders":  {"host"},
	}
	return s.o.Downloads + path + "?" + q.Encode() + "&X-Amz-Signature=" + sign(path, q)
}

// sign is the signature of a path and its parameters. Its key is no secret: only this process makes and reads links.
func sign(path string, q url.Values) string {
	mac := hmac.New(sha256.New, []byte("codatest"))
	mac.Write([]byte(path + "?" + q.Encode()))
	return hex.EncodeToString(mac.Sum(nil))
}

// download answers a request to the download host.
func (s *Server) download(r *http.Request) *answer {
	path := r.URL.EscapedPath()
	if r.Header.Get("Authorization") != "" {
		return xmlError(http.StatusBadRequest, "InvalidArgument", "A presigned link takes no other authorization")
	}
	if r.Method != http.MethodGet || !s.linkWorks(path, r.URL.Query()) {
		return xmlError(http.StatusForbidden, "AccessDenied", "Request has expired")
	}
	file := s.exports.file(path, s.o.Now())
	if file == nil {
		return xmlError(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
	}
	return &answer{status: http.StatusOK, header: http.Header{
		"Content-Type":     {"text/plain"},
		"Content-Encoding": {"gzip"},
	}, body: file}
}

// linkWorks reports whether a link was made by downloadLink, for this path, and has not expired. It takes the signature
// out of q.
func (s *Server) linkWorks(path string, q url.Values) bool {
	signature := q.Get("X-Amz-Signature")
	q.Del("X-Amz-Signature")
	made, err := time.Parse(linkStamp, q.Get("X-Amz-Date"))
	if err != nil || !hmac.Equal([]byte(signature), []byte(sign(path, q))) {
		return false
	}
	life, err := strconv.Atoi(q.Get("X-Amz-Expires"))
	return err == nil && s.o.Now().Sub(made) <= time.Duration(life)*time.Second
}

// xmlError is an error as S3 words it.
func xmlError(status int, code, message string) *answer {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	fmt.Fprintf(&b, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, message)
	return &answer{status: status, header: http.Header{"Content-Type": {"application/xml"}}, body: []byte(b.String())}
}
