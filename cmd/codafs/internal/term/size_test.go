package term

import (
	"strings"
	"testing"
)

func TestSizes(t *testing.T) {
	for s, want := range map[string]int64{
		"1B": 1, "5G": 5 << 30, "5GiB": 5 << 30, "5 GiB": 5 << 30, "5GB": 5e9, "5g": 5 << 30, "500M": 500 << 20, "500MB": 500e6,
		"3K": 3 << 10, "2KiB": 2 << 10, "2kB": 2000, "1T": 1 << 40, "1TiB": 1 << 40, "1tb": 1e12,
	} {
		if got, err := ParseSize(s); got != want || err != nil {
			t.Errorf("%q is %d (%v), want %d", s, got, err, want)
		}
	}
	for s, say := range map[string]string{
		"5":          `"5" has no unit: write 5G for GiB, 5M for MiB, or 5B for bytes`,
		"1073741824": `"1073741824" has no unit`,
		"0":          `above 0`, "0G": `above 0`,
		"": `no size: write a whole number and a unit, such as 500M or 5G`, "G": `no size`, "-5G": `no size`, "1.5G": `no size`,
		"lots": `no size`, "5iB": `no size`, "5GG": `no size`, "5 G B": `no size`, "5E": `no size`,
		"99999999999999999999G": `larger than any disk`, "9999999T": `larger than any disk`,
	} {
		if _, err := ParseSize(s); err == nil || !strings.Contains(err.Error(), say) {
			t.Errorf("%q: %v, want %s", s, err, say)
		}
	}
}
