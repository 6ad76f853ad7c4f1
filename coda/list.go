package coda

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"regexp"
	"slices"
	"strconv"
)

// item is a type of which the service sends lists.
type item[T any] interface {
	*T
	keep(json.RawMessage)
}

// list yields the items of a list. It ends after the first error.
func list[T any, P item[T]](ctx context.Context, c *Client, r request, limit int) iter.Seq2[T, error] {
	return itemsOf[T, P](pages(ctx, c, r, limit))
}

// itemsOf yields the items of all pages of a list. It ends after the first error.
func itemsOf[T any, P item[T]](pages iter.Seq2[page, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for page, err := range pages {
			if err != nil {
				yield(*new(T), err)
				return
			}
			for _, b := range page.Items {
				if !yield(decode[T, P](b), nil) {
					return
				}
			}
		}
	}
}

// mostEmpty is how many empty pages in a row end a list: a filter may leave some, but with ever new
// tokens they would never end.
const mostEmpty = 100

// pages yields the pages of a list. It ends after the first error.
func pages(ctx context.Context, c *Client, r request, limit int) iter.Seq2[page, error] {
	return func(yield func(page, error) bool) {
		r := r // a list may be ranged over more than once
		r.Query = withLimit(r.Query, limit)
		first, at := r.Query, place{}
		seen, empty := map[string]bool{}, 0
		for {
			p, err := getPage(ctx, c, r)
			if r.tokenRefused(err) && at.restart() {
				r.Query, empty = first, 0
				clear(seen)
				continue
			}
			sent, same := len(p.Items), true
			if p.Items, same = at.rest(p.Items); !same || err == nil && p.NextPageToken == "" && at.short() {
				yield(page{}, r.moved())
				return
			}
			if !yield(p, err) || err != nil || p.NextPageToken == "" {
				return
			}
			token := p.NextPageToken
			if seen[token] {
				yield(page{}, r.Fail(CodePageTokenLoop, "the service sent the same page token twice"))
				return
			}
			seen[token] = true
			if empty++; sent > 0 {
				empty = 0
			}
			if empty == mostEmpty {
				yield(page{}, r.Fail(CodePageTokenLoop, fmt.Sprintf("the service sent %d empty pages in a row", empty)))
				return
			}
			// The token stands for all other parameters; what is sent beside it is ignored.
			r.Query = url.Values{"pageToken": {token}}
		}
	}
}

type page struct {
	Items         []json.RawMessage `json:"items"`
	NextPageToken string            `json:"nextPageToken"`
	// NextSyncToken comes with rows alone.
	NextSyncToken string `json:"nextSyncToken"`
}

// maxItems bounds a page of a list: past what the API can mean to send, a small answer could fill the memory.
const maxItems = 10_000

// hasValues finds a row's cells. (To parse the row for that would cost as much again as to read it.)
var hasValues = regexp.MustCompile(`"values"\s*:\s*\{`)

var errNotAPI = errors.New("not an answer of the API")

// getPage requests one page of a list. An answer that is no such page, an error page of a proxy for example, is an error:
// taken for an empty list it would make everything vanish.
func getPage(ctx context.Context, c *Client, r request) (p page, err error) {
	err = c.do(ctx, r, func(b []byte) error {
		p = page{}
		if err := json.Unmarshal(b, &p); err != nil {
			return err
		}
		if p.Items == nil || len(p.Items) > maxItems { // no list at all must not pass for an empty one
			return errNotAPI
		}
		if slices.ContainsFunc(p.Items, r.notItem) || r.noneHasID(p.Items) {
			return errNotAPI
		}
		return nil
	})
	return p, err
}

// notItem reports that something in a list cannot be one of its items: every one is an object, and a row
// has values, without which it would pass for an empty one.
func (r request) notItem(item json.RawMessage) bool {
	return item[0] != '{' || r.rows && !hasValues.Match(item)
}

// noneHasID reports that a list is not one of the API's: one item without an id harms no other, but all of them have none.
// (Rows are each looked at where they are read.)
func (r request) noneHasID(items []json.RawMessage) bool {
	return !r.rows && len(items) > 0 && !slices.ContainsFunc(items, func(item json.RawMessage) bool {
		var o struct {
			ID string `json:"id"`
		}
		return json.Unmarshal(item, &o) == nil && o.ID != ""
	})
}

// one gets a single object, which must be the one that was asked for: neither another one nor some other
// JSON, which would pass for an object whose fields are all empty.
func one[T any, P item[T]](ctx context.Context, c *Client, r request, is func(T) bool) (v T, err error) {
	err = c.do(ctx, r, func(b []byte) error {
		if b = bytes.TrimSpace(b); !json.Valid(b) {
			return errNotAPI
		}
		if v = decode[T, P](b); !is(v) {
			return errNotAPI
		}
		return nil
	})
	return v, err
}

// decode reads one item and keeps its JSON, which is valid. A field of another type than
// expected is left zero: it must not cost the item, let alone the list.
func decode[T any, P item[T]](b json.RawMessage) T {
	var v T
	_ = json.Unmarshal(b, &v)
	P(&v).keep(b)
	return v
}

// withLimit leaves the caller's query as it is.
func withLimit(q url.Values, limit int) url.Values {
	all := url.Values{"limit": {strconv.Itoa(limit)}}
	for k, v := range q {
		all[k] = v
	}
	return all
}

// DecodeList reads a JSON array of items, such as [Client.Pages] gave one by one. The JSON that
// the items keep is that in b, which must not change any more: a list of pages is most of what a
// large doc costs in memory, and who reads it holds b anyway.
func DecodeList[T any, P item[T]](b []byte) ([]T, error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	if t, err := dec.Token(); err != nil || t != json.Delim('[') {
		return nil, cmp.Or(err, errNotAList)
	}
	items := []T{}
	for dec.More() {
		var item json.RawMessage
		if err := dec.Decode(&item); err != nil {
			return nil, err
		}
		end := int(dec.InputOffset())
		items = append(items, decode[T, P](b[end-len(item):end:end]))
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errNotAList // there is more after it
	}
	return slices.Clip(items), nil
}

// errNotAList is the error for JSON that is something else.
var errNotAList = errors.New("not a JSON array")

// Decode reads one item, such as [Client.Table] gave.
func Decode[T any, P item[T]](b []byte) (T, error) {
	var r json.RawMessage
	if err := json.Unmarshal(b, &r); err != nil {
		return *new(T), err
	}
	return decode[T, P](r), nil
}
