package edit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Kind is what the cells of a column hold, as far as it matters for comparing and sending them.
type Kind string

// The kinds. Each source maps its own types to them.
const (
	Text     Kind = "text"     // any text
	Number   Kind = "number"   // a number; two spellings of one value are equal
	Amount   Kind = "amount"   // a number that the service shows with a currency; it is sent as a number
	Checkbox Kind = "checkbox" // true or false, in any case
	Date     Kind = "date"     // a calendar date, 2026-11-30
	Time     Kind = "time"     // a date and a time with an offset
	Clock    Kind = "clock"    // a time of the day
	Choice   Kind = "choice"   // one of the column's options
	List     Kind = "list"     // a JSON array
	// Unread cells are never compared: the service changes them without moving the row's stamp, such as its place.
	Unread Kind = "unread"
)

// lines makes \n of all line ends. Spreadsheets write \r\n within cells.
func lines(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}

// Equal reports whether two cells hold the same value, however they are written.
func (k Kind) Equal(a, b string) bool {
	if a, b = lines(a), lines(b); a == b || k == Unread {
		return true
	}
	if a == "" || b == "" {
		return false
	}
	switch k {
	case Number:
		x, isNumber := parseNumber(a)
		y, too := parseNumber(b)
		return isNumber && too && sameNumber(x, y)
	case Amount:
		x, isNumber := parseAmount(a)
		y, too := parseAmount(b)
		return isNumber && too && sameNumber(x, y)
	case Checkbox:
		return strings.EqualFold(a, b)
	case Date, Time:
		x, isTime := parseISO(a)
		y, too := parseISO(b)
		return isTime && too && x.clock == y.clock && x.zoned == y.zoned && x.same(y)
	case Clock:
		x, isClock := parseClock(a)
		y, too := parseClock(b)
		return isClock && too && x.Equal(y)
	case List:
		return sameJSON(a, b)
	}
	return false
}

func sameJSON(a, b string) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, []byte(a)) == nil && json.Compact(&y, []byte(b)) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}

// Retyped reports that mine is what a program makes of was that reads it as a number, a date or a formula and writes it again:
// 00007 as 7, 9007199254740993 as 9.00719925474099E+15, =1+1 as 2. The two are not Equal. It is not known to be an edit, so it is
// not sent.
func (k Kind) Retyped(was, mine string) bool {
	was, mine = strings.TrimSpace(lines(was)), strings.TrimSpace(lines(mine))
	if was == mine { // but for blanks at the ends
		return true
	}
	if was == "" || mine == "" {
		return false
	}
	if strings.EqualFold(was, mine) && (strings.EqualFold(was, "true") || strings.EqualFold(was, "false")) {
		return true
	}
	if k == Checkbox && (mine == "1" || mine == "0") {
		return strings.EqualFold(was, "true") == (mine == "1")
	}
	if strings.HasPrefix(was, "=") && !strings.HasPrefix(mine, "=") {
		return true
	}
	return retypedNumber(was, mine) || retypedTime(was, mine)
}

func retypedNumber(was, mine string) bool {
	x, isNumber := parseAmount(was)
	y, too := parseAmount(mine)
	return isNumber && too && (sameNumber(x, y) || lostDigits(x, y))
}

func retypedTime(was, mine string) bool {
	if at, ok := parseISO(was); ok {
		return at.shows(mine)
	}
	if at, ok := parseISO(mine); ok && at.shows(was) {
		return true
	}
	x, isClock := parseClock(was)
	y, too := parseClock(mine)
	return isClock && too && x.Equal(y)
}

// missingWords are texts that programs read as "no value" and write as an empty cell.
var missingWords = []string{"NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "-nan", "-NaN", "NULL", "null", "None", "none", "1.#IND", "1.#QNAN", "#NA"}

// emptiedByProgram reports that a cell may have been emptied by a program that takes its text for "no value".
func emptiedByProgram(was, mine string) bool { return mine == "" && slices.Contains(missingWords, was) }

// Value makes of a cell's text what is sent to the service. An error says which texts are taken.
func (c Column) Value(text string) (json.RawMessage, error) {
	if text == "" {
		return json.RawMessage(`""`), nil
	}
	if c.Resolve != nil {
		return c.Resolve(text)
	}
	switch c.Kind {
	case Number, Amount:
		d, ok := parseNumber(text)
		if !ok {
			return nil, fmt.Errorf("%q is no plain number, such as 1234.5", text)
		}
		return json.RawMessage(d.Text('f')), nil
	case Checkbox:
		if word := strings.ToLower(text); word == "true" || word == "false" {
			return json.RawMessage(word), nil
		}
		return nil, fmt.Errorf("%q is neither true nor false", text)
	case Date, Time:
		at, ok := parseISO(text)
		if !ok || c.Kind == Date && at.clock && !at.midnight() {
			return nil, fmt.Errorf("%q is no date as 2026-11-30%s", text, map[bool]string{true: " or 2026-11-30T15:04:05+01:00"}[c.Kind == Time])
		}
		return quote(text)
	case Clock:
		if _, ok := parseClock(text); !ok {
			return nil, fmt.Errorf("%q is no time as 15:04", text)
		}
		return quote(text)
	case Choice:
		if len(c.Options) > 0 && !slices.Contains(c.Options, text) {
			return nil, fmt.Errorf("%q is none of the column's options", text)
		}
		return quote(text)
	case List:
		var list []any
		if json.Unmarshal([]byte(text), &list) != nil {
			return nil, errors.New(`a list is written as ["one","two"]`)
		}
		return json.RawMessage(text), nil
	}
	return quote(text)
}

// Shown is Value for a text as the service shows it, which need not be one that a person may write: an amount has its currency.
func (c Column) Shown(text string) (json.RawMessage, error) {
	if d, ok := parseAmount(text); ok && c.Kind == Amount {
		return json.RawMessage(d.Text('f')), nil
	}
	return c.Value(text)
}

// quote is a text as JSON, as short as it can be: limits count bytes.
func quote(text string) (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(text)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
