package codatest

import (
	"io"
	"net/http"
	"testing"
)

func TestSmoke(t *testing.T) {
	s := New(Sample(), Options{})
	c := &http.Client{Transport: s.RoundTripper()}
	for _, u := range []string{"/whoami", "/docs?isOwner=true&limit=2", "/docs/" + SampleDoc + "/pages?limit=3", "/docs/" + SampleDoc + "/tables", "/docs/" + SampleDoc + "/tables/" + SampleRoadmap,
		"/docs/" + SampleDoc + "/tables/" + SampleRoadmap + "/columns", "/docs/" + SampleDoc + "/tables/" + SampleRoadmap + "/rows?limit=1&valueFormat=rich",
		"/docs/" + SampleDoc + "/tables/" + SampleRoadmap + "/rows?limit=1&valueFormat=simpleWithArrays",
		"/docs/" + SampleDoc + "/pages/" + SamplePage + "/content"} {
		r, _ := http.NewRequest("GET", "https://coda.io/apis/v1"+u, nil)
		r.Header.Set("Authorization", "Bearer x")
		resp, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		t.Log(u, resp.Status, string(b[:min(len(b), 1800)]))
	}
}
