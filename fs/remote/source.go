package remote

import (
	"context"
	"encoding/json"
	"time"

	"github.com/codafs/codafs/fs"
)

// Source is one service behind a [Tree]: what its units are, and which files they have. A unit has one stamp, and its lists
// are fetched as a whole: a doc, a base, a project. The tree does the rest: names that last, versions, freshness, the
// store, reading ahead, the index. Its functions may be called from many goroutines, and hold no lock while they wait.
type Source interface {
	// Layout says what the source calls its units, and where they stand. It is always the same.
	Layout() Layout
	// List lists the selected units. known has those of the last listing, for those that cannot be asked for now. A list
	// that breaks off is an error: half a list would be taken for deletions.
	List(ctx context.Context, known []Item, t *Try) (Listing, error)
	// Ask asks for a unit that the list lacks although it was known. listed are the units that the list has. If the unit
	// is gone, or not selected any more, the error is ErrNotExist.
	Ask(ctx context.Context, was Item, listed []Item) (Item, error)
	// Selects reports whether a selector of the user (an id, a name, a link) matches a unit.
	Selects(selector string, i Item) bool
	// ListKeys are the Store's keys of the list of units, without the account. The list is stored under the first;
	// earlier versions of codafs used the others.
	ListKeys() []string
	// Decode reads a stored list: an array of what the items had as JSON.
	Decode(b []byte) ([]Item, error)
	// Names names the folders of the units, in their order.
	Names(items []Item) []string

	// Entries lists the folder of a unit.
	Entries(ctx context.Context, u *Unit) (*Entries, error)
	// Entry finds one name in the folder of a unit, and loads only the lists that it needs for that. What is not there is
	// ErrNotExist.
	Entry(ctx context.Context, u *Unit, name string) (fs.Node, error)

	// Class says what an error means for all but the object that it is about.
	Class(err error) Class
	// Describe completes the failure of an error: its code, and what the service answered.
	Describe(err error, f *fs.Failure)
	// Background marks requests that nobody waits for, until wanted is closed; nil never is.
	Background(ctx context.Context, wanted <-chan struct{}) context.Context
}

// Orderer is a source whose files may be fetched ahead of a program that reads one after the other: see [File].Ahead.
type Orderer interface {
	// Ordered returns, of what is known, the nodes of the folder that has the files of a kind, and a function for the
	// folders below it. It sends nothing.
	Ordered(u *Unit, kind fs.Kind) (top []fs.Node, below func(fs.Dir) []fs.Node)
}

// Surveyor is a source that has more to say of an index than its files.
type Surveyor interface {
	// Survey begins an index.
	Survey() Survey
}

// Prober is a source that finds out by a first fetch how it may read. Versions depend on it.
type Prober interface {
	// Reads names the way in which files are read, as far as is known.
	Reads() string
	// Learned returns a channel that is closed once it is known, and nil if it is known already.
	Learned() <-chan struct{}
	// Shows reports whether a fetch of f will tell.
	Shows(f *File) bool
}

// Survey collects what a source adds to one index: gaps, and notes about the whole workspace.
type Survey interface {
	// Unit returns the known gaps of a unit whose files were listed. Several goroutines call it.
	Unit(ctx context.Context, l *Lists) ([]fs.Failure, error)
	// Unlisted records that the lists of some unit are not known in this index.
	Unlisted()
	// Entry is called for each entry of the index, one after the other.
	Entry(e fs.Entry)
	// Notes returns notes about the whole workspace, after the last entry.
	Notes() []fs.Entry
}

// Layout is how a source's units are called and placed.
type Layout struct {
	// Service is the name of the service, for messages; Unit and Units are its words for one and many.
	Service, Unit, Units string
	// Top is the name of the folder of all units.
	Top string
	// Kind is that of the unit's own file, and File its name. The unit's item has all of its bytes.
	Kind fs.Kind
	File string
	// Empty says why no unit may be there, and what to do.
	Empty string
}

// Item is a unit as the service lists it.
type Item struct {
	ID, Title, URL string
	CreatedAt      time.Time
	Stamp          time.Time // it moves with each edit of what the unit holds
	// JSON is the item as sent. It is nil if only the id is known.
	JSON json.RawMessage
	// Value is what the source decoded. It is nil if only the id is known.
	Value any
}

// Listing is a list of units as it was read.
type Listing struct {
	Items []Item
	Gaps  []fs.Failure
	Notes []string
	// found are units that exist, though the service's list lacks them.
	found []Item
	// unsure has the ids of units that could not be asked for: nobody knows whether they exist.
	unsure []string
	odd    []fs.Failure
}

// Class is what an error means for others than the object that it is about.
type Class int

const (
	// ClassOther: it may pass, and says nothing about the object: the service is down or out of reach.
	ClassOther Class = iota
	// ClassRefused: the service does not show this object to this user.
	ClassRefused
	// ClassToken: the token is refused. All work ends.
	ClassToken
	// ClassOffline: nothing is to be sent.
	ClassOffline
	// ClassMoved: a list changed while it was read.
	ClassMoved
)
