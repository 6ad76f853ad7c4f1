package render

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Sheet is a table as a CSV file has it: as [CSV] wrote it, or what a person or a program made of that.
type Sheet struct {
	// Header has the names of the columns, each once.
	Header []string
	Rows   []SheetRow
}

// SheetRow is one record of a CSV file.
type SheetRow struct {
	// Line is where the record begins in the file, from 1.
	Line int
	// Cells are as many as the header has names. Line ends within a cell are \n, as encoding/csv reads them.
	Cells []string
}

// ErrNoSheet says that a file has no bytes that count. It is never taken for a table without rows: a shell empties a file
// before it writes to it, and a full disk leaves it so.
var ErrNoSheet = errors.New("the file is empty")

// SheetError says why a file is not a whole CSV table.
type SheetError struct {
	// Line is where that shows, from 1.
	Line int
	// Reason says what is wrong there, and what to do.
	Reason string
}

// Error names the line and the reason.
func (e *SheetError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

// ParseSheet reads a CSV file: UTF-8, comma separated, with a header. What programs are known to leave in a file that they
// could not finish is an error, a [SheetError] or [ErrNoSheet], never a shorter table. A byte order mark, CRLF, and quotes
// where none are needed do no harm.
func ParseSheet(data []byte) (*Sheet, error) {
	if err := whole(data); err != nil {
		return nil, err
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte(ByteOrderMark))))
	var s Sheet
	for {
		record, err := r.Read()
		switch {
		case err == io.EOF && s.Header == nil:
			return nil, ErrNoSheet // line ends alone
		case err == io.EOF:
			return &s, nil
		case err != nil:
			return nil, sheetError(err, len(record), len(s.Header))
		}
		line, _ := r.FieldPos(0)
		if s.Header != nil {
			s.Rows = append(s.Rows, SheetRow{line, record})
			continue
		}
		if twice := repeated(record); twice != "" {
			return nil, &SheetError{line, fmt.Sprintf("two columns are called %q", twice)}
		}
		s.Header = record
	}
}

// whole checks that bytes may be a whole CSV file.
func whole(data []byte) error {
	at := func(i int) int { return 1 + bytes.Count(data[:i], []byte("\n")) }
	switch {
	case len(bytes.TrimPrefix(data, []byte(ByteOrderMark))) == 0:
		return ErrNoSheet
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return &SheetError{1, "the file is UTF-16: save it as UTF-8"}
	}
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return &SheetError{at(i), "there is a NUL byte: the file is damaged, or not UTF-8"}
	}
	if i := invalidUTF8(data); i >= 0 {
		return &SheetError{at(i), "this is not UTF-8: save the file as UTF-8"}
	}
	if end := data[len(data)-1]; end != '\n' && end != '\r' {
		return &SheetError{at(len(data)), "the last line has no end, so the file may be cut off: end it with a newline if it is whole"}
	}
	return nil
}

// invalidUTF8 is where bytes stop to be UTF-8, -1 if nowhere.
func invalidUTF8(data []byte) int {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// sheetError says what to do about an error of encoding/csv. A record has got fields, the header want.
func sheetError(err error, got, want int) error {
	var at *csv.ParseError
	if !errors.As(err, &at) {
		return err
	}
	switch {
	case errors.Is(err, csv.ErrFieldCount):
		return &SheetError{at.StartLine, fmt.Sprintf("%d fields where the header has %d: a comma or a quote is missing, or too many", got, want)}
	case errors.Is(err, csv.ErrQuote):
		return &SheetError{at.StartLine, "a quoted field does not end where it should, or the file is cut off"}
	}
	return &SheetError{at.StartLine, `a field that has a quote in it must be quoted: "a ""word"""`}
}

// repeated is the first name that stands in a header twice; "" if none does.
func repeated(header []string) string {
	seen := map[string]bool{}
	for _, name := range header {
		if seen[name] {
			return name
		}
		seen[name] = true
	}
	return ""
}

// Separated guesses what separates the fields of a file whose only column is called header, if it has a column want: a
// spreadsheet may write semicolons or tabs. It is "" if that is not so.
func Separated(header []string, want string) string {
	if len(header) != 1 {
		return ""
	}
	for _, by := range []struct{ sep, name string }{{";", "semicolons"}, {"\t", "tabs"}, {"|", "bars"}} {
		for field := range strings.SplitSeq(header[0], by.sep) {
			if strings.Trim(field, `"`) == want {
				return by.name
			}
		}
	}
	return ""
}
