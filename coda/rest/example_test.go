package rest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	iofs "io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"time"

	"github.com/codafs/codafs/coda/rate"
	"github.com/codafs/codafs/coda/rest"
)

type book struct {
	ID    int    `json:"id"`
	Title string `json:"title"`
}

// library is a service of three books. Its lists are paged by key, two at a time; its errors are texts.
func library() *httptest.Server {
	books := []book{{3, "Emma"}, {5, "Ulysses"}, {8, "Walden"}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /books", func(w http.ResponseWriter, r *http.Request) {
		after, _ := strconv.Atoi(r.URL.Query().Get("after"))
		page := []book{}
		for _, b := range books {
			if b.ID > after && len(page) < 2 {
				page = append(page, b)
			}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(page)
	})
	mux.HandleFunc("GET /books/{id}", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no such book", http.StatusNotFound)
	})
	return httptest.NewServer(mux)
}

// A service has a name, rates and its own form of errors. Each of its calls is a request and a function that reads the answer.
func ExampleClient_Do() {
	server := library()
	defer server.Close()
	client, err := rest.New(rest.Service{
		Name:    "the library",
		Rates:   map[rate.Class]rate.Rate{"read": {N: 100, Per: time.Second}},
		Message: func(body []byte) string { return string(body) },
		Probe:   rest.Request{Class: "read", Method: http.MethodGet, Path: []string{"books"}},
	}, rest.Options{BaseURL: server.URL, Token: "secret"})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	for after := 0; ; {
		var page []book
		r := rest.Request{Class: "read", Method: http.MethodGet, Path: []string{"books"}, Query: url.Values{"after": {strconv.Itoa(after)}}}
		if err := client.Do(ctx, r, func(b []byte) error { page = nil; return json.Unmarshal(b, &page) }); err != nil {
			fmt.Println(err)
			return
		}
		if len(page) == 0 {
			break
		}
		fmt.Println(page)
		after = page[len(page)-1].ID
	}
	missing := rest.Request{Class: "read", Method: http.MethodGet, Path: []string{"books", "4"}}
	err = client.Do(ctx, missing, func([]byte) error { return nil })
	fmt.Println(err)
	fmt.Println(rest.CodeOf(err), errors.Is(err, iofs.ErrNotExist))
	// Output:
	// [{3 Emma} {5 Ulysses}]
	// [{8 Walden}]
	// GET /books/4: 404 Not Found: no such book
	// not_found true
}
