package daemon

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/open"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
)

// A mount that comes up before the network knows whose token it has when the network is there.
func TestAMountLearnsWhoseTokenItIsAfterAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		way := &network{RoundTripper: codatest.New(codatest.Sample(), codatest.Options{}).RoundTripper()}
		client, err := coda.New(coda.Options{Token: "any", Transport: way})
		if err != nil {
			t.Fatal(err)
		}
		var remembered string
		w := &open.Workspace{Client: client, Log: slog.New(slog.DiscardHandler), Remember: func(user string) { remembered = user }}
		mended := time.AfterFunc(10*time.Minute, func() { way.up.Store(true) })
		defer mended.Stop()
		who := NewIdentity()
		found := make(chan struct{})
		go func() {
			defer close(found)
			who.Find(t.Context(), w, func(err error) { t.Error(err) })
		}()
		time.Sleep(5 * time.Minute)
		if name, problem := who.Get(t.Context()); name != "" || !strings.Contains(problem, "connection refused") {
			t.Errorf("during the outage: %q, %q", name, problem)
		}
		<-found
		if name, problem := who.Get(t.Context()); name == "" || name != remembered || problem != "" {
			t.Errorf("after the outage: %q, %q, remembered %q", name, problem, remembered)
		}
	})
}

// What asking again does not change is asked once.
func TestATokenThatIsRefusedIsNotAskedOfAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := codatest.New(codatest.Sample(), codatest.Options{})
		api.Fail(codatest.Fault{Status: 401})
		client, err := coda.New(coda.Options{Token: "any", Transport: api.RoundTripper()})
		if err != nil {
			t.Fatal(err)
		}
		ended := 0
		who := NewIdentity()
		w := &open.Workspace{Client: client, Log: slog.New(slog.DiscardHandler)}
		who.Find(t.Context(), w, context.CancelCauseFunc(func(error) { ended++ }))
		who.Find(t.Context(), w, func(error) { ended++ })
		if n := api.Count(nil); n != 2 || ended != 2 {
			t.Errorf("asked %d times, ended %d times, want 2", n, ended)
		}
	})
}

// network is a way to the service that is down until it is up.
type network struct {
	http.RoundTripper
	up atomic.Bool
}

func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	if !n.up.Load() {
		return nil, errors.New("connection refused")
	}
	return n.RoundTripper.RoundTrip(r)
}
