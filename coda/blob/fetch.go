package blob

import (
	"context"
	"errors"
	"io"
	"net/url"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/codafs/codafs/coda/rest"
)

// DefaultMaxSize is the largest blob that is fetched, where nobody says otherwise.
const DefaultMaxSize = 2 << 30

// How fast the blob hosts are asked. They have no published limits, and are nobody's to wear out.
const (
	maxFetches        = 4
	requestsPerSecond = 20
)

// chunk is how much is read at a time, in bytes. All that is in memory of a blob is one.
const chunk = 32 << 10

// Options say how much a [Fetcher] fetches.
type Options struct {
	// MaxSize is that of the largest blob, in bytes; 0 means [DefaultMaxSize].
	MaxSize int64
	// BytesPerSecond limits all fetches together; 0 does not.
	BytesPerSecond int64
}

// Fetcher streams blobs from Coda's blob hosts. It is safe for concurrent use; there is to be one in a process, since it
// is what paces them.
type Fetcher struct {
	client   *rest.Client
	hosts    Hosts
	maxSize  int64
	running  chan struct{} // holds a token for each transfer that runs
	requests *rate.Limiter
	bytes    *rate.Limiter // nil without a limit

	begun, ended, done, fetched atomic.Int64 // see Stats
}

// Stats count what a fetcher has to do, and has done.
type Stats struct {
	Running int   // transfers
	Waiting int   // for others, or until they are tried again
	Done    int64 // blobs that came whole
	Bytes   int64
}

// Stats are as of now.
func (f *Fetcher) Stats() Stats {
	s := Stats{Running: len(f.running), Done: f.done.Load(), Bytes: f.fetched.Load()}
	s.Waiting = max(0, int(f.begun.Load()-f.ended.Load())-s.Running)
	return s
}

// NewFetcher makes a fetcher that sends by c, which lends its transport, retries and log, but no token.
func NewFetcher(c *rest.Client, hosts Hosts, o Options) *Fetcher {
	f := &Fetcher{client: c, hosts: hosts, maxSize: o.MaxSize, running: make(chan struct{}, maxFetches),
		requests: rate.NewLimiter(requestsPerSecond, maxFetches)}
	if f.maxSize == 0 {
		f.maxSize = DefaultMaxSize
	}
	if o.BytesPerSecond > 0 {
		f.bytes = rate.NewLimiter(rate.Limit(o.BytesPerSecond), chunk)
	}
	return f
}

// Hosts are the hosts that it asks.
func (f *Fetcher) Hosts() Hosts { return f.hosts }

// worthwhile is how far a transfer must have come, in bytes, to be given all retries anew when it breaks: a large blob over a bad line
// breaks often.
const worthwhile = 1 << 20

// Fetch writes the bytes of a blob to w, each once, and returns how many there are. A transfer that breaks is resumed. The error is a [*rest.Error],
// the cause of the context's end, or w's own; what w got then is a part of the blob.
func (f *Fetcher) Fetch(ctx context.Context, docID string, file File, w io.Writer) (int64, error) {
	path := []string{"docs", docID, "blobs", file.ID}
	f.begun.Add(1)
	defer f.ended.Add(1)
	if err := refusal(file); err != nil {
		err.Method, err.Path = "GET", rest.Request{Path: path}.String()
		return 0, err
	}
	u, err := url.Parse(file.Address.Reveal())
	if err != nil {
		return 0, rest.Request{Method: "GET", Path: path}.Fail(CodeForeignHost, ErrForeignHost.Error())
	}
	t := newTransfer(f, u, file, w)
	for {
		before := t.written
		err := f.client.Retry(ctx, path, func() *rest.Error { return t.inTurn(ctx) })
		switch {
		case t.failedWrite != nil:
			return t.written, t.failedWrite
		case rest.CodeOf(err) == rest.CodeUnreachable && t.written-before >= worthwhile && ctx.Err() == nil:
			continue
		}
		if err == nil {
			f.done.Add(1)
		}
		return t.written, t.judge(err)
	}
}

// refusal is why a blob is not asked for at all.
func refusal(file File) *rest.Error {
	switch {
	case file.Problem != nil:
		return failed(CodeForeignHost, "%v", file.Problem)
	case file.Status != Live:
		return failed(CodeGone, "its status is %.40q", file.Status)
	case file.Address.IsZero():
		return failed(CodeForeignHost, "%v", ErrNoAddress)
	}
	return nil
}

// judge tells a file that is not as long as its host says from a line that breaks: it ends in the same way each time.
func (t *transfer) judge(err error) error {
	e, ok := errors.AsType[*rest.Error](err)
	if ok && e.Code == rest.CodeUnreachable && errors.Is(err, io.ErrUnexpectedEOF) {
		e.Code = CodeWrongLength
	}
	return err
}

// take waits for n places at a limiter, none where there is no limiter.
func take(ctx context.Context, l *rate.Limiter, n int) error {
	if l == nil {
		return nil
	}
	r := l.ReserveN(time.Now(), n)
	if err := rest.Sleep(ctx, r.Delay()); err != nil {
		r.Cancel()
		return err
	}
	return nil
}
