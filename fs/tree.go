package fs

import (
	"context"
	"crypto/sha256"
	"io"
	"time"
)

// Node is a place in the tree: a [Dir] or a [File], never anything else.
// Nodes are safe for concurrent use.
type Node interface {
	// Name is the node's name in its folder; the root's is "".
	Name() string
	// Object reports what the node stands for. It sends nothing to the service.
	Object() Object
}

// Dir is a folder. It may be used by many goroutines.
type Dir interface {
	Node
	// ModTime is the newest known stamp of what the folder shows. It sends nothing to the service.
	ModTime() time.Time
	// Entries lists the whole folder, in the order of the service, or fails: a listing that breaks off is an error,
	// never a short folder. It may ask the service for lists, never for content. The caller owns the slice.
	Entries(ctx context.Context) ([]Node, error)
	// Lookup finds one entry; if there is none, the error is [io/fs.ErrNotExist]. It also finds what Entries hides (the
	// root's .codafs).
	Lookup(ctx context.Context, name string) (Node, error)
}

// Undated is a [Dir] whose ModTime is zero until the service was asked. Programs such as tar report a change if a
// folder gets its time while they read.
type Undated interface {
	Dir
	// AwaitModTime waits for ModTime to be known, a few seconds at most. If that time ends first, no later call waits.
	AwaitModTime(ctx context.Context)
}

// File is a regular file. Its bytes change over time, from one [Version] to the next.
type File interface {
	Node
	// Version returns the current version. It may ask the service for stamps, never for content.
	Version(ctx context.Context) (Version, error)
	// Size is the exact size of version v in bytes, if it is known without asking the service.
	Size(v Version) (int64, bool)
	// Estimate is a size for programs that only show it, if the exact one is not known: above 0, and more than the file
	// has. It sends nothing to the service.
	Estimate(v Version) int64
	// AtHand reports whether Open would return the bytes of v without asking the service. It is quick, and may be wrong
	// if they are damaged.
	AtHand(v Version) bool
	// Open returns the bytes of v, and fetches them if they are not at hand. If v was superseded and is no longer at
	// hand, the error is [ErrStale]. The caller closes the Content.
	Open(ctx context.Context, v Version) (Content, error)
}

// Version names one version of a file. Two versions with the same key (of the same
// file) have the same bytes and the same ModTime, for good.
type Version struct {
	// Key is a hash of the ids and stamps of all that goes into the bytes.
	Key string
	// ModTime is the newest of those stamps, or Since if that is later.
	ModTime time.Time
	// Since is when these bytes were first seen, if other bytes were known before under the same stamps; else zero.
	Since time.Time
	// Volatile marks a file that each Lookup makes anew, such as those in .codafs. Nobody may cache its name.
	Volatile bool
	// Costly marks a volatile file that sends many requests when it is made.
	Costly bool
	// Unstamped marks a file that changes without a stamp. Only opening it again shows whether it is current, so nobody
	// may take bytes that were read before for the current ones.
	Unstamped bool
	// Computed says how much of the bytes the service computes.
	Computed Computed
}

// Computed says how much of a file's bytes the service computes. Computed values change without a stamp, so that two
// fetches of one version may return different bytes. The strongest value sorts last: what is made of several parts has the
// maximum.
type Computed string

const (
	// ComputedNot: every change of the bytes moves a stamp.
	ComputedNot Computed = ""
	// ComputedCalculated: values that may change when something elsewhere does: formulas, names of other objects, and
	// the text of all pages, which may contain formulas that the API does not mark.
	ComputedCalculated Computed = "calculated"
	// ComputedVolatile: values that are known to change with the time or the user.
	ComputedVolatile Computed = "volatile"
)

// Renewable is a [File] whose bytes may change without a stamp.
type Renewable interface {
	File
	// Renew fetches computed bytes (see [Version]) again, if they were last fetched before that time. If they differ,
	// the file has another version from then on. Bytes that were never fetched are left to Open. It fails if Open
	// would, even if older bytes are at hand.
	Renew(ctx context.Context, before time.Time) error
	// RenewIfOld is Renew for those who read an unstamped file: bytes older than the tree's Refresh are fetched again.
	// If that fails for now, the known bytes stay current, and there is no error.
	RenewIfOld(ctx context.Context) error
}

// Content is the bytes of one version: complete, unchanging, safe for concurrent reads. It stays readable until Close,
// whatever happens to the store in the meantime.
type Content interface {
	io.ReaderAt
	io.Closer
	// Size is exact, in bytes.
	Size() int64
}

// Store keeps contents by key. It is what the tree needs of a cache. The caller closes each Content that it gets.
type Store interface {
	// Get returns the content kept under key; if there is none, it has fill write it. Concurrent calls for one key
	// share one fill, whose context ends when the last of them has left. What a failed fill wrote is thrown away.
	Get(ctx context.Context, key string, fill func(ctx context.Context, w io.Writer) error) (Content, error)
	// Put fills anew, even if a content is kept, and keeps the result. Concurrent calls share a fill as those of Get
	// do.
	Put(ctx context.Context, key string, fill func(ctx context.Context, w io.Writer) error) (Content, error)
	// Lookup returns the content kept under key, if there is one. It never fills.
	Lookup(ctx context.Context, key string) (Content, bool)
	// Size is the size of the content last kept under key, also after it was evicted.
	Size(key string) (int64, bool)
	// Has reports whether a content is kept under key, without opening it.
	Has(key string) bool
	// Filled is when the fill of the content last kept under key began, also after it was evicted.
	Filled(key string) (time.Time, bool)
	// Sum is the SHA-256 of the content last kept under key, also after it was evicted.
	Sum(key string) ([sha256.Size]byte, bool)
}

// Kind says what a node holds. The names are those of manifest.json.
type Kind string

const (
	KindFolder Kind = "folder" // any folder
	KindDoc    Kind = "doc"    // doc.json
	KindPages  Kind = "pages"  // pages.json
	KindTables Kind = "tables" // tables.json

	KindFormulas    Kind = "formulas"    // formulas.json
	KindControls    Kind = "controls"    // controls.json
	KindPermissions Kind = "permissions" // permissions.json

	KindPage     Kind = "page"      // a page's Markdown
	KindPageHTML Kind = "page_html" // a page's HTML
	KindPageJSON Kind = "page_json" // the page object of a page that has no export
	KindTable    Kind = "table"     // a table's or view's own object
	KindColumns  Kind = "columns"   // its columns
	KindRows     Kind = "rows"      // its rows as CSV
	KindRowsJSON Kind = "rows_json" // its rows as sent, one a line

	KindFiles Kind = "files" // files.json: which images and attachments a doc shows
	KindFile  Kind = "file"  // one of those

	KindControl Kind = "control" // a file in .codafs
)

// Object describes what a node stands for. Fields that do not apply are empty.
type Object struct {
	Kind Kind
	// DocID is the id of the doc that has the object.
	DocID string
	// ID is the object's own id: the doc's, the page's, the table's.
	ID string
	// Title is the object's name as the service gives it, not yet fit for a file system.
	Title string
	// Type is the service's word for the object: doc, page, table, view.
	Type string
	// URL opens the object in a browser.
	URL       string
	CreatedAt time.Time
	// UpdatedAt is the object's own stamp, zero if it is not known (yet).
	UpdatedAt time.Time
	UpdatedBy string
}
