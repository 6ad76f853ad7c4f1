package open

import (
	"fmt"
	"log/slog"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/blob"
	"github.com/codafs/codafs/coda/rate"
	"github.com/codafs/codafs/coda/rest"
)

// fetcher makes what fetches images and attachments. One in a process paces them all.
func fetcher(s *config.Settings, client *coda.Client) (*blob.Fetcher, error) {
	var o blob.Options
	for _, limit := range []struct {
		flag, text string
		bytes      *int64
	}{{"max-file-size", s.MaxFileSize, &o.MaxSize}, {"limit-download", s.LimitDownload, &o.BytesPerSecond}} {
		if limit.text == "" {
			continue
		}
		n, err := term.ParseSize(limit.text)
		if err != nil {
			return nil, exit.Usagef("--%s: %w", limit.flag, err)
		}
		*limit.bytes = n
	}
	return blob.NewFetcher(client.Client, blob.HostsOf(s.BaseURL()), o), nil
}

// ClientOptions checks the settings of the client, and finds the token. It sends nothing. Its warnings about tokens go to
// std.Err at once. Errors are usage errors or an [exit.TokenError]. With --demo the transport is the built-in service, and no
// token is looked for.
func ClientOptions(s *config.Settings, std term.Streams, log *slog.Logger) (coda.Options, error) {
	o := coda.Options{
		BaseURL: s.BaseURL(), UserAgent: s.Tool, MaxRetries: s.MaxRetries, ExportTimeout: s.ExportTimeout,
		StrictLatest: s.StrictLatest, Offline: s.Offline, Log: log, Rates: map[rate.Class]rate.Rate{},
	}
	if term.IsScreen(std.Err) && s.LogFile == "" {
		o.ShowsOutages = true // in plain words; the same in a log line between them would be a repetition
	}
	if o.MaxRetries == 0 {
		o.MaxRetries = rest.NoRetries // 0 would mean the default
	}
	for _, r := range s.Rates {
		class, rate, err := coda.ParseRate(r)
		if err != nil {
			return o, exit.UsageError{Err: err}
		}
		o.Rates[class] = rate
	}
	if s.MaxRetries < 0 {
		return o, exit.Usagef("--max-retries %d: want 0 or more", s.MaxRetries)
	}
	if s.ExportTimeout <= 0 {
		return o, exit.Usagef("--export-timeout %v: want a time above 0", s.ExportTimeout)
	}
	if s.Concurrency < 1 {
		return o, exit.Usagef("--concurrency %d: want 1 or more", s.Concurrency)
	}
	if err := s.DemoBesideToken(); err != nil {
		return o, err
	}
	// The service runs in this process: there is no token to find, no limit to keep, and no file to share.
	if s.Demo {
		o.Token, o.Unlimited = "demo", true
		var err error
		o.Transport, err = newDemo(s)
		return o, err
	}
	var err error
	if o.Token, err = config.FindToken(s.TokenFile, func(line string) { fmt.Fprintln(std.Err, "codafs: warning: "+line) }); err != nil {
		return o, err
	}
	if dir, err := s.CacheFolder(); err == nil { // else this process applies the limits alone
		o.StateFile = rateFile(dir, o)
	}
	return o, nil
}
