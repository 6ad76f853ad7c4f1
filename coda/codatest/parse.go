package codatest

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// parse makes a cell's value of what a write sent, as if somebody had typed it into a cell of the column. What does not fit is
// no error: it is stored as a text that the column's format does not know. asIs stores all of it so (disableParsing).
func (d *Doc) parse(w *Workspace, t *Table, col *Column, raw json.RawMessage, asIs bool) (Value, error) {
	var v any
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber()
	if dec.Decode(&v) != nil {
		return nil, badParameter("value")
	}
	return d.typed(w, t, col, v, asIs)
}

// typed is parse for a decoded value.
func (d *Doc) typed(w *Workspace, t *Table, col *Column, v any, asIs bool) (Value, error) {
	switch v := v.(type) {
	case []any:
		all := List{}
		for _, one := range v {
			x, err := d.typed(w, t, col, one, asIs)
			if err != nil {
				return nil, err
			}
			all = append(all, x)
		}
		return all, nil
	case bool:
		return Bool(v), nil
	case json.Number:
		return d.fromNumber(col, v), nil
	case string:
		if v == "" {
			return nil, nil // an emptied cell
		}
		if asIs {
			return Text(v), nil
		}
		return d.fromText(w, t, col, v), nil
	}
	return nil, badParameter("value") // an object: a write takes none
}

// fromNumber is a number as a cell holds it. One in a column of dates stays a number.
func (d *Doc) fromNumber(col *Column, n json.Number) Value {
	if col.Format.Type == "currency" {
		return money(col, string(n))
	}
	return Number(n)
}

// fromText reads a text as the column's type would.
func (d *Doc) fromText(w *Workspace, t *Table, col *Column, s string) Value {
	switch col.Format.Type {
	case "number", "percent", "slider", "scale":
		if _, err := strconv.ParseFloat(s, 64); err == nil {
			return Number(s)
		}
	case "currency":
		if _, err := strconv.ParseFloat(s, 64); err == nil {
			return money(col, s)
		}
	case "checkbox":
		if s == "true" || s == "false" {
			return Bool(s == "true")
		}
	case "date", "dateTime", "time":
		if at, ok := date(s, zone(t, col)); ok {
			return Stamp{at}
		}
	case "duration":
		if span, ok := spelled(s); ok {
			return Duration(span)
		}
	case "person":
		if p, ok := w.person(d, s); ok {
			return p
		}
	case "lookup":
		if ref, ok := d.refer(col, s); ok {
			return ref
		}
	case "link":
		return Link{URL: s, Name: s}
	case "image", "imageReference", "attachments", "imageAttachments":
		return Image{Name: s[strings.LastIndexByte(s, '/')+1:], URL: s, Status: "live"}
	}
	return Text(s)
}

func money(col *Column, amount string) Value {
	code := "USD"
	if c, ok := col.Format.Extra["currencyCode"].(string); ok {
		code = c
	}
	return Money{Amount: Number(amount), Currency: code, Shown: "$" + amount}
}

// date reads a date as the doc's locale has it, which is that of the United States: 03/04/2026 is in March (observed).
func date(s string, in *time.Location) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly, "1/2/2006", "15:04:05", "15:04", "3:04 PM"} {
		if at, err := time.ParseInLocation(layout, s, in); err == nil {
			return at.In(in), true
		}
	}
	return time.Time{}, false
}

// zone is the doc's, as other cells of the column have it.
func zone(t *Table, col *Column) *time.Location {
	for _, r := range t.Rows {
		if at, ok := r.Cells[col.ID].(Stamp); ok {
			return at.Location()
		}
	}
	return time.UTC
}

var spanPart = regexp.MustCompile(`(\d+(?:\.\d+)?) *(day|hr|hour|min|minute|sec|second)s?\b`)

// spelled reads "1 hr 30 mins", "90 minutes" and the like.
func spelled(s string) (all time.Duration, ok bool) {
	units := map[string]time.Duration{"day": 24 * time.Hour, "hr": time.Hour, "hour": time.Hour,
		"min": time.Minute, "minute": time.Minute, "sec": time.Second, "second": time.Second}
	for _, part := range spanPart.FindAllStringSubmatch(s, -1) {
		n, err := strconv.ParseFloat(part[1], 64)
		if err != nil {
			return 0, false
		}
		all, ok = all+time.Duration(n*float64(units[part[2]])), true
	}
	return all, ok && strings.TrimSpace(spanPart.ReplaceAllString(s, "")) == ""
}

// person finds one by e-mail address or full name: the workspace's user, or anybody whom a cell of the doc names.
func (w *Workspace) person(d *Doc, s string) (Person, bool) {
	known := []Person{w.User}
	for _, t := range d.Tables {
		for _, r := range t.Rows {
			for _, v := range r.Cells {
				list, isList := v.(List)
				if !isList {
					list = List{v}
				}
				for _, one := range list {
					if p, ok := one.(Person); ok {
						known = append(known, p)
					}
				}
			}
		}
	}
	i := slices.IndexFunc(known, func(p Person) bool { return strings.EqualFold(p.Email, s) || p.Name == s })
	if i < 0 {
		return Person{}, false
	}
	return known[i], true
}

// refer finds a row by its id, or by exactly its name; of several the first.
func (d *Doc) refer(col *Column, s string) (Ref, bool) {
	other := d.table(col.Format.Table)
	if other == nil {
		return Ref{}, false
	}
	r := byIDOrName(d.base(other).Rows, s, func(r *Row) (string, string) { return r.ID, d.rowName(other, r) })
	if r == nil {
		return Ref{}, false
	}
	return Ref{other.ID, r.ID}, true
}
