package remote

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/codafs/codafs/fs"
)

// memo has the version of a file by its stamp alone, and the version as it was seen.
type memo struct{ stamped, is fs.Version }

// versionSeen returns the version of bytes that are at hand. The Store remembers what was seen, for all processes.
func (f *File) versionSeen(ctx context.Context, now *Shown, stamp time.Time) (fs.Version, error) {
	stamped := now.Version(stamp)
	f.u.seenMu.Lock() // held during Store calls: if two find the same change, it must get one time
	defer f.u.seenMu.Unlock()
	if m, ok := f.u.seen[f.sizeKey()]; ok && m.stamped == stamped {
		return m.is, nil
	}
	store, key := f.u.t.store, f.u.Key("first-seen-"+string(f.obj.Kind), f.obj.ID, "")
	var last fs.Seen
	if c, ok := store.Lookup(ctx, key); ok {
		if b, err := fs.ReadAll(c); err != nil || json.Unmarshal(b, &last) != nil {
			last = fs.Seen{}
		}
	} else if at, ok := store.Filled(key); ok {
		last.ModTime = at // evicted: a needless new time is better than a change that nobody sees
	}
	next := last.Next(BytesVersion(now.Bytes, time.Time{}).Key, stamp, f.Reload != nil, f.u.t.opts.Now())
	if next != last {
		c, err := store.Put(ctx, key, func(_ context.Context, w io.Writer) error { return json.NewEncoder(w).Encode(next) })
		if err != nil {
			return fs.Version{}, err
		}
		c.Close()
	}
	is := stamped
	if !next.ModTime.Equal(stamp) {
		is = BytesVersion(now.Bytes, next.ModTime)
	}
	is.Since = next.Since
	if f.u.seen == nil {
		f.u.seen = map[string]memo{}
	}
	f.u.seen[f.sizeKey()] = memo{stamped, is}
	return is, nil
}
