package fs

import (
	"context"
	"encoding/json"
	"time"
)

// source is one service behind a [Tree]: what its units are, and which files they have. A unit has one stamp, and its lists
// are fetched as a whole: a doc, a base, a project. The tree does the rest: names that last, versions, freshness, the
// store, reading ahead, the index. Its functions may be called from many goroutines, and hold no lock while they wait.
type source interface {
	// layout says what the source calls its units, and where they stand. It is always the same.
	layout() layout
	// list lists the selected units. known has those of the last listing, for those that cannot be asked for now.
	list(ctx context.Context, known []item, t *try) (listing, error)
	// ask asks for a unit that the list lacks although it was known. listed are the units that the list has. If the unit
	// is gone, or not selected any more, the error is ErrNotExist.
	ask(ctx context.Context, was item, listed []item) (item, error)
	// selects reports whether a selector of the user matches a unit.
	selects(selector string, i item) bool
	// listKeys are the Store's keys of the list of units, without the account. The list is stored under the first;
	// earlier versions of codafs used the others.
	listKeys() []string
	// decode reads a stored list: an array of what the items had as JSON.
	decode(b []byte) ([]item, error)
	// names names the folders of the units, in their order.
	names(items []item) []string

	// entries lists the folder of a unit, and entry finds one name in it.
	entries(ctx context.Context, u *unit) (*folderEntries, error)
	entry(ctx context.Context, u *unit, name string) (Node, error)
	// ordered returns, of what is known, the nodes of the folder that has the files of a kind, and a function for the
	// folders below it. It sends nothing.
	ordered(u *unit, kind Kind) (top []Node, below func(*folder) []Node)

	// class says what an error means for all but the object that it is about.
	class(err error) class
	// describe completes the failure of an error: its code, and what the service answered.
	describe(err error, f *Failure)
	// background marks requests that nobody waits for, until wanted is closed; nil never is.
	background(ctx context.Context, wanted <-chan struct{}) context.Context
	// survey begins an index.
	survey() survey
}

// prober is a source that finds out by a first fetch how it may read. Versions depend on it.
type prober interface {
	// reads is how files are read, as far as is known.
	reads() string
	// learned returns a channel that is closed once it is known, and nil if it is known already.
	learned() <-chan struct{}
	// shows reports whether it is known after a fetch of f.
	shows(f *file) bool
}

// survey collects what a source adds to one index: gaps, and notes about the whole workspace.
type survey interface {
	// unit returns the known gaps of a unit whose files were listed. Several goroutines call it.
	unit(ctx context.Context, l *lists) ([]Failure, error)
	// unlisted records that the lists of some unit are not known in this index.
	unlisted()
	// notes returns notes, given the entries of all files.
	notes(entries []Entry) []Entry
}

// layout is how a source's units are called and placed.
type layout struct {
	// Service is the name of the service, for messages; unit and units are its words for one and many.
	service, unit, units string
	// top is the name of the folder of all units.
	top string
	// kind is that of the unit's own file; file is its name, and the unit's item has all of its bytes.
	kind Kind
	file string
	// empty says why no unit may be there, and what to do.
	empty string
}

// item is a unit as the service lists it.
type item struct {
	id, title, url string
	created        time.Time
	stamp          time.Time // it moves with each edit of what the unit holds
	// json is the item as sent. It is nil if only the id is known.
	json json.RawMessage
	// value is what the source decoded. It is nil if only the id is known.
	value any
}

// listing is a list of units as it was read.
type listing struct {
	items []item
	gaps  []Failure
	notes []string
	// found are units that exist, though the service's list lacks them.
	found []item
	// unsure has the ids of units that could not be asked for: nobody knows whether they exist.
	unsure []string
	odd    []Failure
}

// class is what an error means for others than the object that it is about.
type class int

const (
	// classOther: it may pass, and says nothing about the object: the service is down or out of reach.
	classOther class = iota
	// classRefused: the service does not show this object to this user.
	classRefused
	// classToken: the token is refused. All work ends.
	classToken
	// classOffline: nothing is to be sent.
	classOffline
	// classMoved: a list changed while it was read.
	classMoved
)
