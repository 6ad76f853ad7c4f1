package codatest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Value is the content of a cell, a formula or a control, independent of the format in
// which the API is asked for it. nil is the empty cell. A cell may hold a value of
// another kind than its column's format says: the real service has such cells.
type Value interface {
	// simple is the value as valueFormat=simple and simpleWithArrays show it.
	simple(d *Doc) any
	// rich is the value as valueFormat=rich shows it.
	rich(d *Doc) any
}

// Text is plain text, also that of select, canvas, reaction and packObject cells.
type Text string

// Markdown is formatted text: Plain is what is left without the formatting.
type Markdown struct{ Plain, Source string }

// Number is a number as the JSON literal that is sent, such as 0.10 or 1e400.
type Number string

// Bool is a checkbox.
type Bool bool

// Money is an amount of a currency, shown in the doc's locale ("$12.34", "12.34\u00a0€").
type Money struct {
	Amount   Number
	Currency string
	Shown    string
}

// Stamp is a date, time or date and time, in the zone of the doc.
type Stamp struct{ time.Time }

// Duration is a span of time: "1 hr 30 mins".
type Duration time.Duration

// Person is a person; Email may be empty.
type Person struct{ Name, Email string }

// Ref is a lookup: a row of another table, by ids. It shows that row's name.
type Ref struct{ Table, Row string }

// Link is a hyperlink.
type Link struct{ Name, URL string }

// Image is an image or attachment; Status is live, deleted or failed. With Blob, the id of a blob of the doc, it has that
// blob's address and size, and its name and status where they are "".
type Image struct {
	Name, URL     string
	Width, Height int
	Status        string
	Blob          string
}

// Button is the label of a button.
type Button string

// List is a cell of an array column.
type List []Value

// Raw is JSON that is sent as it is, in each format.
type Raw string

func (v Text) simple(*Doc) any { return string(v) }
func (v Text) rich(*Doc) any   { return fenced(string(v)) }

func (v Markdown) simple(*Doc) any { return v.Plain }
func (v Markdown) rich(*Doc) any   { return v.Source }

func (v Number) simple(*Doc) any { return json.Number(v) }
func (v Number) rich(*Doc) any   { return json.Number(v) }

func (v Bool) simple(*Doc) any { return bool(v) }
func (v Bool) rich(*Doc) any   { return bool(v) }

func (v Money) simple(*Doc) any { return v.Shown }

// A MonetaryAmount of schema.org, whose amount is a number.
func (v Money) rich(*Doc) any {
	return map[string]any{
		"@context": linkedData, "@type": "MonetaryAmount",
		"currency": v.Currency, "amount": json.Number(v.Amount),
	}
}

func (v Stamp) simple(*Doc) any { return v.Format("2006-01-02T15:04:05.000-07:00") }
func (v Stamp) rich(d *Doc) any { return v.simple(d) }

func (v Duration) simple(*Doc) any { return spell(time.Duration(v)) }
func (v Duration) rich(d *Doc) any { return v.simple(d) }

func (v Person) simple(*Doc) any { return v.Name }
func (v Person) rich(*Doc) any   { return wirePerson(v) }

// The name of the row that it refers to, and nothing where that row is gone.
func (v Ref) simple(d *Doc) any {
	if t, r := v.row(d); r != nil {
		return d.rowName(t, r)
	}
	return ""
}

// A StructuredValue with the ids and links of row and table; they stay when the row is gone.
func (v Ref) rich(d *Doc) any {
	name, _ := v.simple(d).(string)
	return map[string]any{
		"@context": linkedData, "@type": "StructuredValue", "additionalType": "row",
		"name": name, "url": rowLink(d.ID, v.Table, v.Row), "tableId": v.Table,
		"rowId": v.Row, "tableUrl": tableLink(d.ID, v.Table),
	}
}

// row finds the table and the row that v refers to, nil where one is missing. A view leads to the rows of its base table.
func (v Ref) row(d *Doc) (*Table, *Row) {
	t := find(d.Tables, func(t *Table) bool { return t.ID == v.Table })
	if t == nil {
		return nil, nil
	}
	return t, find(d.base(t).Rows, func(r *Row) bool { return r.ID == v.Row })
}

func (v Link) simple(*Doc) any { return v.URL }
func (v Link) rich(*Doc) any {
	return map[string]any{"@context": linkedData, "@type": "WebPage", "name": v.Name, "url": v.URL}
}

func (v Image) simple(d *Doc) any { return v.of(d).URL }

// of is v with what its blob says.
func (v Image) of(d *Doc) Image {
	if v.Blob == "" {
		return v
	}
	v.URL, v.Status = d.blobURL(v.Blob), cmp.Or(v.Status, "live")
	if b := d.blob(v.Blob); b != nil {
		v.Name, v.Width, v.Height = cmp.Or(v.Name, b.Name), b.Width, b.Height
		if b.status() != "live" {
			v.Status = b.Status
		}
	}
	return v
}

// An ImageObject with the size in pixels and a status.
func (v Image) rich(d *Doc) any {
	v = v.of(d)
	return map[string]any{
		"@context": linkedData, "@type": "ImageObject", "name": v.Name, "url": v.URL,
		"height": v.Height, "width": v.Width, "status": v.Status,
	}
}

func (v Button) simple(*Doc) any { return string(v) }
func (v Button) rich(*Doc) any   { return string(v) }

func (v Raw) simple(*Doc) any { return json.RawMessage(v) }
func (v Raw) rich(*Doc) any   { return json.RawMessage(v) }

// simple joins the members with commas, which is ambiguous where a member holds one.
func (v List) simple(d *Doc) any {
	var parts []string
	for _, m := range v {
		parts = append(parts, plain(d, m))
	}
	return strings.Join(parts, ",")
}

func (v List) rich(d *Doc) any { return v.each(d, formatRich) }

// each gives the members, each in the format, as simpleWithArrays and rich send them: a JSON array, never null.
func (v List) each(d *Doc, format string) []any {
	out := make([]any, 0, len(v))
	for _, m := range v {
		out = append(out, shown(d, m, format))
	}
	return out
}

// The values of the parameter valueFormat.
const (
	formatSimple = "simple"
	formatArrays = "simpleWithArrays"
	formatRich   = "rich"
)

// linkedData is the @context of rich values, with the slash that real answers have.
const linkedData = "http://schema.org/"

// shown is v as the API sends it in a format.
func shown(d *Doc, v Value, format string) any {
	list, isList := v.(List)
	switch {
	case v == nil:
		return ""
	case isList && format == formatArrays:
		return list.each(d, format)
	case format == formatRich:
		return v.rich(d)
	}
	return v.simple(d)
}

// plain is v as text.
func plain(d *Doc, v Value) string {
	switch s := shown(d, v, formatSimple).(type) {
	case string:
		return s
	case json.RawMessage:
		return string(s)
	default:
		return fmt.Sprint(s)
	}
}

// fenced is how rich text cells mark plain text.
func fenced(s string) string {
	if s == "" {
		return ""
	}
	return "```" + s + "```"
}

// spell writes a duration as Coda does: "2 hrs", "1 hr 30 mins".
func spell(d time.Duration) string {
	var parts []string
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hr"}, {time.Minute, "min"}, {time.Second, "sec"}} {
		n := d / u.unit
		d -= n * u.unit
		switch {
		case n == 1:
			parts = append(parts, "1 "+u.name)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", n, u.name))
		}
	}
	if parts == nil {
		return "0 secs"
	}
	return strings.Join(parts, " ")
}
