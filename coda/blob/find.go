package blob

import (
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
)

// Why a blob that is shown is not fetched.
var (
	// ErrForeignHost marks one whose address is not Coda's.
	ErrForeignHost = errors.New("its address is not one of Coda's blob hosts")
	// ErrOtherBlob marks one whose address is another blob's.
	ErrOtherBlob = errors.New("its address is another blob's")
	// ErrNoAddress marks one without an address.
	ErrNoAddress = errors.New("it has no address")
)

// Live is the status of a blob whose bytes there are. Coda also knows deleted and failed, the latter for an upload that did not succeed.
const Live = "live"

// Found is what a page or a cell shows.
type Found struct {
	Blobs []Shown
	// Impossible are ids that cannot be part of a name. Their blobs are left out.
	Impossible []string
}

// Shown is a blob as one page or cell shows it. What is not said there is "".
type Shown struct {
	ID      string
	Name    string // as somebody named it: it may hold anything
	Type    string // MIME type
	Status  string
	Address Address
	// Problem is why the address must not be asked, nil if it may be.
	Problem error
}

// add takes in what is shown at an address. With an id it is a blob, wherever the address leads; without one it is if the
// address is Coda's and names a blob, and else it is a link and nothing more.
func (f *Found) add(s Shown, address string, hosts Hosts) {
	u, err := url.Parse(address)
	mine := err == nil && hosts.May(u)
	named := ""
	if err == nil {
		named = idIn(u)
	}
	switch {
	case s.ID == "" && (!mine || named == ""):
		return
	case s.ID == "":
		s.ID = named
	}
	if !ValidID(s.ID) {
		f.Impossible = append(f.Impossible, s.ID)
		return
	}
	switch {
	case address == "":
		s.Problem = ErrNoAddress
	case !mine:
		s.Problem = ErrForeignHost
	case named != "" && named != s.ID:
		s.Problem = ErrOtherBlob
	default:
		s.Address = NewAddress(address)
	}
	f.Blobs = append(f.Blobs, s)
}

// InCell finds the blobs in a cell of rows that were read as valueFormat=rich: every ImageObject, however deep. Cells hold
// all kinds of values, whatever their column is for.
func InCell(cell json.RawMessage, hosts Hosts) (f Found) {
	if len(cell) == 0 || cell[0] != '{' && cell[0] != '[' {
		return f
	}
	var value any
	if json.Unmarshal(cell, &value) == nil {
		f.inValue(value, hosts)
	}
	return f
}

func (f *Found) inValue(value any, hosts Hosts) {
	switch v := value.(type) {
	case []any:
		for _, member := range v {
			f.inValue(member, hosts)
		}
	case map[string]any:
		text := func(key string) string { s, _ := v[key].(string); return s }
		if text("@type") == "ImageObject" {
			f.add(Shown{Name: text("name"), Status: text("status")}, text("url"), hosts)
			return
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			f.inValue(v[key], hosts)
		}
	}
}

// InCover finds the cover of a page, as the list of pages has it.
func InCover(page json.RawMessage, hosts Hosts) (f Found) {
	var p struct {
		Image struct{ BrowserLink, Type string }
	}
	if json.Unmarshal(page, &p) == nil {
		f.add(Shown{Type: p.Image.Type}, p.Image.BrowserLink, hosts)
	}
	return f
}

// otherColumns are the types of columns whose cells show no blobs. Pictures in the text of a canvas are not in its cells.
var otherColumns = map[string]bool{
	"text": true, "person": true, "lookup": true, "number": true, "percent": true, "currency": true, "date": true, "dateTime": true, "time": true,
	"duration": true, "email": true, "link": true, "slider": true, "scale": true, "button": true, "checkbox": true, "select": true, "reaction": true,
	"packObject": true, "canvas": true,
}

// ColumnMay reports whether cells of a column of a type may show blobs. Of a type that is not known they may.
func ColumnMay(columnType string) bool { return !otherColumns[columnType] }
