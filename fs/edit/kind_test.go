package edit_test

import (
	"testing"

	"github.com/codafs/codafs/fs/edit"
)

// What programs make of cells that nobody edited: from 276 cells that were read and written again by pandas, LibreOffice,
// csvsort, ssconvert, miller and others.
func TestWhatProgramsMakeOfACellIsNoEdit(t *testing.T) {
	for _, c := range []struct {
		kind      edit.Kind
		was, mine string
		equal     bool // else retyped
	}{
		{edit.Text, "a\nb", "a\r\nb", true},
		{edit.Text, "00007", "7", false},
		{edit.Text, "1.10", "1.1", false},
		{edit.Text, "1", "1.0", false},
		{edit.Text, "+5", "5", false},
		{edit.Text, "-0", "0", false},
		{edit.Text, "1e3", "1000", false},
		{edit.Text, "9007199254740993", "9.00719925474099E+015", false},
		{edit.Text, "9007199254740993", "9007199254740990", false},
		{edit.Text, "3.14159265358979323846", "3.14159265358979", false},
		{edit.Text, "true", "True", false},
		{edit.Text, "TRUE", "true", false},
		{edit.Text, "=1+1", "2", false},
		{edit.Text, " leading", "leading", false},
		{edit.Text, "$1,234.50", "1234.5", false},
		{edit.Text, "7%", "0.07", false},
		{edit.Text, "2026-11-30", "11/30/2026", false},
		{edit.Text, "2026-11-30", "30.11.26", false},
		{edit.Text, "2026-11-30", "2026-11-30 00:00:00", false},
		{edit.Text, "03/04/2026", "2026-03-04", false},
		{edit.Text, "03/04/2026", "2026-04-03", false},
		{edit.Text, "9:30", "09:30:00", false},
		{edit.Number, "1.0", "1", true},
		{edit.Number, "1e3", "1000", true},
		{edit.Number, "12345678901234567890", "1.23456789012346E+19", false},
		{edit.Amount, "$1,234.50", "1234.5", true},
		{edit.Amount, "12.34\u00a0€", "12.34", true},
		{edit.Amount, "($5.00)", "-5", true},
		{edit.Checkbox, "true", "TRUE", true},
		{edit.Checkbox, "true", "1", false},
		{edit.Checkbox, "false", "0", false},
		{edit.Date, "2026-11-30", "11/30/2026", false},
		{edit.Date, "2026-11-30", "2026-11-30T00:00:00", false},
		{edit.Time, "2026-01-15T09:30:00.000+01:00", "2026-01-15T08:30:00Z", true},
		{edit.Time, "2026-01-15T09:30:00.000+01:00", "2026-01-15 09:30:00+01:00", true},
		{edit.Time, "2026-01-15T09:30:00.000+01:00", "2026-01-15 09:30:00", false},
		{edit.Time, "2026-01-15T09:30:00.000+01:00", "01/15/2026 9:30 AM", false},
		{edit.Clock, "9:30 AM", "09:30:00", true},
		{edit.List, `["a", "b"]`, `["a","b"]`, true},
	} {
		if got := c.kind.Equal(c.was, c.mine); got != c.equal {
			t.Errorf("%s %q and %q: equal is %v", c.kind, c.was, c.mine, got)
		}
		if !c.equal && !c.kind.Retyped(c.was, c.mine) {
			t.Errorf("%s %q as %q is taken for an edit", c.kind, c.was, c.mine)
		}
	}
}

func TestWhatAPersonWritesIsAnEdit(t *testing.T) {
	for _, c := range []struct {
		kind      edit.Kind
		was, mine string
	}{
		{edit.Text, "7", "8"},
		{edit.Text, "7", ""},
		{edit.Text, "", "7"},
		{edit.Text, "1.25", "1.3"}, // two digits left: somebody rounded
		{edit.Text, "1234567", "1234568"},
		{edit.Text, "100", "1000"},
		{edit.Text, "Done", "done"},
		{edit.Text, "=1+1", "=1+2"},
		{edit.Text, "2026-11-30", "2026-12-01"},
		{edit.Text, "9:30", "9:31"},
		{edit.Text, "true", "false"},
		{edit.Text, "5%", "5"},
		{edit.Number, "1", "1.0001"},
		{edit.Number, "1e400", "1e401"},
		{edit.Number, "0.1", "0.10000000000000001"},
		{edit.Amount, "$5.00", "$6.00"},
		{edit.Checkbox, "true", "0"},
		{edit.Date, "2026-03-04", "2026-04-05"},
		{edit.Time, "2026-01-15T09:30:00.000+01:00", "2026-01-15T09:30:00Z"},
		{edit.Time, "2026-01-15T09:30:00.000+01:00", "2026-01-15"},
		{edit.List, `["a","b"]`, `["b","a"]`},
	} {
		if c.kind.Equal(c.was, c.mine) || c.kind.Retyped(c.was, c.mine) {
			t.Errorf("%s %q as %q is no edit: equal %v", c.kind, c.was, c.mine, c.kind.Equal(c.was, c.mine))
		}
	}
}

func TestAValueIsSentOnlyIfItsMeaningIsCertain(t *testing.T) {
	state := edit.Column{ID: "c-state", Header: "State", Kind: edit.Choice, Options: []string{"Open", "Done"}}
	for _, c := range []struct {
		column     edit.Column
		text, want string // want "" is an error
	}{
		{edit.Column{Kind: edit.Text}, "a <b> \"c\"\n", `"a <b> \"c\"\n"`},
		{edit.Column{Kind: edit.Number}, "1234.50", "1234.5"},
		{edit.Column{Kind: edit.Number}, "+.5", "0.5"},
		{edit.Column{Kind: edit.Number}, "12345678901234567890.123", "12345678901234567890.123"},
		{edit.Column{Kind: edit.Number}, "1,5", ""},
		{edit.Column{Kind: edit.Number}, "five", ""},
		{edit.Column{Kind: edit.Amount}, "$12.34", ""},
		{edit.Column{Kind: edit.Amount}, "12.34", "12.34"},
		{edit.Column{Kind: edit.Checkbox}, "TRUE", "true"},
		{edit.Column{Kind: edit.Checkbox}, "yes", ""},
		{edit.Column{Kind: edit.Date}, "2026-11-30", `"2026-11-30"`},
		{edit.Column{Kind: edit.Date}, "03/04/2026", ""},
		{edit.Column{Kind: edit.Date}, "2026-11-30T09:30:00Z", ""},
		{edit.Column{Kind: edit.Time}, "2026-11-30T09:30:00+01:00", `"2026-11-30T09:30:00+01:00"`},
		{edit.Column{Kind: edit.Time}, "tomorrow", ""},
		{edit.Column{Kind: edit.Clock}, "9:30 am", `"9:30 am"`},
		{edit.Column{Kind: edit.Clock}, "noon", ""},
		{edit.Column{Kind: edit.List}, `["a",1]`, `["a",1]`},
		{edit.Column{Kind: edit.List}, `a,b`, ""},
		{state, "Done", `"Done"`},
		{state, "done", ""},
		{edit.Column{Kind: edit.Number}, "", `""`},
	} {
		got, err := c.column.Value(c.text)
		if string(got) != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s %q is sent as %s, %v, want %s", c.column.Kind, c.text, got, err, c.want)
		}
	}
}
