package coda

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/codafs/codafs/cache/filelock"
	"github.com/codafs/codafs/coda/rest"
)

// pageLocks lets one export of a page run at a time, whatever its format: the service keeps one file for all
// exports of a page, so that the link of one export leads to the text of the next.
//
// Over processes, whoever exports a page holds a lock on a file that is named after the page, which ends
// with its process. Files come and go under a lock of their own, gate, which is held for no longer than
// that. Nobody holds two pages, so there is no order to keep.
type pageLocks struct {
	own      *keyed // in this process
	dir      string // "" if this process is alone
	patience time.Duration
	log      *slog.Logger
	once     sync.Once // logs that dir cannot be used
	swept    sync.Once
}

const (
	// pageRetry is about how soon a page is tried again that another process exports.
	pageRetry = 50 * time.Millisecond
	// gateRetry is how soon the gate is tried again.
	gateRetry = 2 * time.Millisecond
	// gateTries bounds how often the gate is tried by one who leaves: a file that stays is no harm.
	gateTries = 100
)

// newPageLocks makes no folder: that is made when a page is first locked. Without a state file the locks are this process's
// alone.
func newPageLocks(o Options) *pageLocks {
	p := &pageLocks{own: newKeyed(), patience: 5 * o.ExportTimeout, log: o.Log}
	if o.StateFile != "" {
		p.dir = o.StateFile + ".exports"
	}
	return p
}

// errPageTaken ends a wait for another process that has a page for longer than any export takes: it may have
// been stopped. To go on beside it could give either of the two the other's file.
var errPageTaken = errors.New("another process has been exporting this page for too long")

// lock waits until nobody else exports a page.
func (p *pageLocks) lock(ctx context.Context, page string) (unlock func(), err error) {
	leave, err := p.own.lock(ctx, page)
	if err != nil || p.dir == "" {
		return leave, err
	}
	sum := sha256.Sum256([]byte(page))
	name := hex.EncodeToString(sum[:16])
	for until := time.Now().Add(p.patience); ; {
		file, err := p.take(name)
		switch {
		case err == nil:
			return func() { p.giveBack(file, name); leave() }, nil
		case !errors.Is(err, filelock.ErrBusy):
			p.once.Do(func() { p.log.Warn("exports are not shared with other processes", "folder", p.dir, "err", err) })
			return leave, nil
		case time.Now().After(until):
			leave()
			return nil, errPageTaken
		}
		if err := rest.Sleep(ctx, pageRetry/2+rand.N(pageRetry)); err != nil {
			leave()
			return nil, err
		}
	}
}

// take takes a page's file and its lock, or fails with filelock.ErrBusy.
func (p *pageLocks) take(name string) (file *os.File, err error) {
	gate, err := p.gate()
	if err != nil {
		return nil, err
	}
	defer gate.Close()
	p.swept.Do(p.sweep)
	return filelock.Open(filepath.Join(p.dir, name))
}

// giveBack removes a page's file. Without the gate it stays, but not its lock.
func (p *pageLocks) giveBack(file *os.File, name string) {
	gate, err := p.gate()
	for n := 0; errors.Is(err, filelock.ErrBusy) && n < gateTries; n++ {
		time.Sleep(gateRetry)
		gate, err = p.gate()
	}
	file.Close()
	if err == nil {
		_ = os.Remove(filepath.Join(p.dir, name)) // who waits for the page tries again behind the gate
		gate.Close()
	}
}

func (p *pageLocks) gate() (*os.File, error) { return filelock.Open(filepath.Join(p.dir, "gate")) }

// sweep removes the files of processes that were killed. The gate is held.
func (p *pageLocks) sweep() {
	names, _ := os.ReadDir(p.dir) // those that stay are no harm
	for _, n := range names {
		path := filepath.Join(p.dir, n.Name())
		if file, err := filelock.Open(path); err == nil {
			file.Close()
			_ = os.Remove(path)
		}
	}
}

// keyed lets one run at a time for each key.
type keyed struct {
	mu   sync.Mutex               // guards busy
	busy map[string]chan struct{} // closed when the holder is done
}

func newKeyed() *keyed { return &keyed{busy: map[string]chan struct{}{}} }

// lock waits until nobody else holds key.
func (k *keyed) lock(ctx context.Context, key string) (unlock func(), err error) {
	for {
		theirs := k.take(key)
		if theirs == nil {
			return func() { k.release(key) }, nil
		}
		select {
		case <-theirs:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// take returns nil if the key was free and is now the caller's, else what to wait for.
func (k *keyed) take(key string) (theirs chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if theirs = k.busy[key]; theirs == nil {
		k.busy[key] = make(chan struct{})
	}
	return theirs
}

func (k *keyed) release(key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	close(k.busy[key])
	delete(k.busy, key)
}
