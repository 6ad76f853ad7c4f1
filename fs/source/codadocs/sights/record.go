package sights

import (
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/codafs/codafs/coda/blob"
)

// Sight is what is shown in one place.
type Sight struct {
	Use   blob.Use
	Found blob.Found
}

// Place is what one page or table shows, in the order of its text or rows; sights without blobs are left out.
type Place []Sight

// Add adds what was found, if that is anything.
func (p *Place) Add(use blob.Use, found blob.Found) {
	if len(found.Blobs) > 0 || len(found.Impossible) > 0 {
		*p = append(*p, Sight{use, found})
	}
}

// List is what all pages and tables of a doc show.
type List struct {
	// Newest is the newest stamp of the pages and tables that show something.
	Newest time.Time
	Place
}

// Add adds what a page or table shows, whose newest stamp is given.
func (l *List) Add(p Place, stamp time.Time) {
	if len(p) == 0 {
		return
	}
	l.Place = append(l.Place, p...)
	if stamp.After(l.Newest) {
		l.Newest = stamp
	}
}

// Files are the blobs of the doc, and the ids that cannot be part of a file's name.
func (l List) Files() (files []blob.File, impossible []string) {
	var set blob.Set
	for _, s := range l.Place {
		set.Add(s.Use, s.Found)
	}
	return set.Files(), set.Impossible()
}

// Address is that of a blob as the place has it now; the zero value if it has none that may be asked.
func (p Place) Address(id string) blob.Address {
	for _, s := range p {
		for _, b := range s.Found.Blobs {
			if b.ID == id && b.Problem == nil {
				return b.Address
			}
		}
	}
	return blob.Address{}
}

// record is a List in the Store. The form is nobody else's: a later version of codafs may have another one.
type record struct {
	Newest time.Time `json:"newest,omitzero"`
	Sights []sight   `json:"sights"`
}

type sight struct {
	Use        blob.Use `json:"use"`
	Blobs      []shown  `json:"blobs,omitempty"`
	Impossible []string `json:"impossible,omitempty"`
}

type shown struct {
	ID      string `json:"id"`
	Name    string `json:"name,omitempty"`
	Type    string `json:"type,omitempty"`
	Status  string `json:"status,omitempty"`
	Address string `json:"address,omitempty"`
	Problem string `json:"problem,omitempty"`
}

// problems are why an address must not be asked, by the words of a record.
var problems = map[string]error{"host": blob.ErrForeignHost, "other": blob.ErrOtherBlob, "none": blob.ErrNoAddress}

func wordFor(problem error) string {
	for word, err := range problems {
		if errors.Is(problem, err) {
			return word
		}
	}
	return ""
}

// Write writes a list as Read reads it.
func Write(w io.Writer, l List) error {
	r := record{Newest: l.Newest, Sights: []sight{}}
	for _, s := range l.Place {
		out := sight{Use: s.Use, Impossible: s.Found.Impossible}
		for _, b := range s.Found.Blobs {
			out.Blobs = append(out.Blobs, shown{b.ID, b.Name, b.Type, b.Status, b.Address.Reveal(), wordFor(b.Problem)})
		}
		r.Sights = append(r.Sights, out)
	}
	return json.NewEncoder(w).Encode(r)
}

// Read reads what Write wrote.
func Read(b []byte) (l List, err error) {
	var r record
	if err := json.Unmarshal(b, &r); err != nil {
		return List{}, err
	}
	l.Newest = r.Newest
	for _, in := range r.Sights {
		s := Sight{Use: in.Use, Found: blob.Found{Impossible: in.Impossible}}
		for _, b := range in.Blobs {
			s.Found.Blobs = append(s.Found.Blobs, blob.Shown{ID: b.ID, Name: b.Name, Type: b.Type, Status: b.Status,
				Address: blob.NewAddress(b.Address), Problem: problems[b.Problem]})
		}
		l.Place = append(l.Place, s)
	}
	return l, nil
}
