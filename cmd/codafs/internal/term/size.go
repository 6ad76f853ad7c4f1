package term

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// sizePattern matches a whole number with a unit, or without one.
var sizePattern = regexp.MustCompile(`(?i)^([0-9]+) ?(?:([KMGT])(iB|B)?|(B))?$`)

// ParseSize parses a number of bytes with a unit: 5G and 5GiB are 5 × 1024³ bytes, 5GB are 5 × 1000³, as in GNU's
// tools. A number without a unit is refused: 5 hardly means five bytes.
func ParseSize(s string) (int64, error) {
	m := sizePattern.FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf("%q is no size: write a whole number and a unit, such as 500M or 5G", s)
	}
	number, unit, end := m[1], strings.ToUpper(m[2]), m[3]
	n, err := strconv.ParseInt(number, 10, 64)
	if err == nil && n == 0 {
		return 0, fmt.Errorf("%q is no size: write a number above 0 and a unit, such as 500M or 5G", s)
	}
	if unit == "" && m[4] == "" {
		return 0, fmt.Errorf("%q has no unit: write %[2]sG for GiB, %[2]sM for MiB, or %[2]sB for bytes", s, number)
	}
	// GiB and G are powers of 1024, GB of 1000: what GNU's dd, du and split make of them.
	base, factor := int64(1024), int64(1)
	if strings.EqualFold(end, "B") {
		base = 1000
	}
	for range max(0, strings.Index(" KMGT", unit)) {
		factor *= base
	}
	if err != nil || n > 1<<62/factor {
		return 0, fmt.Errorf("%q is larger than any disk", s)
	}
	return n * factor, nil
}

// FormatSize formats a number of bytes for people: 512 B, 1.5 MiB. Units are powers of 1024, as for ParseSize without a B.
func FormatSize(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	units := "KMGTPE"
	size := float64(n) / 1024
	for size >= 1024 && len(units) > 1 {
		size, units = size/1024, units[1:]
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", size), ".0") + " " + units[:1] + "iB"
}
