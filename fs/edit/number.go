package edit

import (
	"regexp"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// plainNumber is a number as JSON, spreadsheets and scripts write it.
var plainNumber = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?$`)

// parseNumber reads a number exactly: digits behind the sixteenth count. It reads none that has a comma, a sign of a currency
// or a percent sign.
func parseNumber(text string) (*apd.Decimal, bool) {
	if !plainNumber.MatchString(text) {
		return nil, false
	}
	d, _, err := apd.NewFromString(strings.TrimPrefix(text, "+"))
	if err != nil {
		return nil, false
	}
	d.Reduce(d)
	if d.IsZero() {
		d.Negative = false
	}
	return d, true
}

// sameNumber compares by value. Both are reduced, so that it does not write out the zeros of an exponent.
func sameNumber(a, b *apd.Decimal) bool {
	return a.Negative == b.Negative && a.Exponent == b.Exponent && a.Coeff.Cmp(&b.Coeff) == 0
}

// fewestDigits is how many digits a number must have left to be taken for a longer one that was cut: spreadsheets keep 15,
// and show 10.
const fewestDigits = 6

// lostDigits reports that b is a, rounded to fewer digits, as by a program that holds 15 of them.
func lostDigits(a, b *apd.Decimal) bool {
	left := b.NumDigits()
	if b.IsZero() || left < fewestDigits || a.NumDigits() <= left {
		return false
	}
	var cut apd.Decimal
	if _, err := apd.BaseContext.WithPrecision(uint32(left)).Round(&cut, a); err != nil {
		return false
	}
	cut.Reduce(&cut)
	return sameNumber(&cut, b)
}

// moneyMarks are what stands around and within an amount of money: a currency's sign or code, thousands separators, blanks.
var moneyMarks = regexp.MustCompile(`[\p{Sc}\p{Zs}, '’]|[A-Z]{3}`)

// parseAmount reads a number, or an amount of money or a share as they are shown: "$1,234.50", "12.34 €", "(5.00)", "7%".
func parseAmount(text string) (*apd.Decimal, bool) {
	if d, ok := parseNumber(text); ok {
		return d, true
	}
	text = moneyMarks.ReplaceAllString(text, "")
	if inner, ok := strings.CutPrefix(text, "("); ok && strings.HasSuffix(inner, ")") { // as accountants write it
		text = "-" + strings.TrimSuffix(inner, ")")
	}
	share, isShare := strings.CutSuffix(text, "%")
	d, ok := parseNumber(share)
	if ok && isShare && !d.IsZero() {
		d.Exponent -= 2
	}
	return d, ok
}
