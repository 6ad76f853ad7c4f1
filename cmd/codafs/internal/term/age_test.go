package term

import (
	"testing"
	"time"
)

func TestAges(t *testing.T) {
	for d, want := range map[time.Duration]string{-time.Second: "0 s", 119 * time.Second: "119 s", 119 * time.Minute: "119 min",
		2 * time.Hour: "2 h", 47 * time.Hour: "47 h", 49 * time.Hour: "2 days", 400 * Day: "400 days"} {
		if got := FormatAge(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}
