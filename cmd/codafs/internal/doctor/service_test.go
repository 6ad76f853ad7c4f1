package doctor

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestDoctorComparesTheClockWithTheServices(t *testing.T) {
	for ahead, want := range map[time.Duration]string{
		0: isOK, 59 * time.Second: isOK, -59 * time.Second: isOK, 2 * time.Minute: isWarning, -2 * time.Minute: isWarning,
	} {
		synctest.Test(t, func(t *testing.T) {
			date := time.Now().Add(-ahead).UTC().Format(http.TimeFormat)
			w := &clockWatch{next: roundTrip(func(*http.Request) (*http.Response, error) {
				return &http.Response{Header: http.Header{"Date": {date}}}, nil
			})}
			if _, known := w.finding(); known {
				t.Error("the clock is judged before there is an answer")
			}
			if _, err := w.RoundTrip(&http.Request{}); err != nil {
				t.Fatal(err)
			}
			if f, known := w.finding(); !known || f.State != want {
				t.Errorf("a clock that is %v ahead is %q, want %q", ahead, f.State, want)
			}
		})
	}
}
