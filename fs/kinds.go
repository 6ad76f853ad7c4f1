package fs

import "slices"

// Class says what an object counts as, whatever its source calls it.
type Class string

// The classes of objects. Objects of no class are counted as files alone.
const (
	ClassUnit  Class = "unit"  // what a source lists as a whole, with one stamp: a doc
	ClassText  Class = "text"  // a page
	ClassTable Class = "table" // a table or a view of one
)

// KindInfo is what may be said of all files of a kind. Whoever reads a finished snapshot has the names of the kinds and no
// source, so the table stands here: a source with kinds of its own adds their rows with [AddKinds]. The zero value, that of an
// unknown kind, is a file that belongs to no object but itself.
type KindInfo struct {
	// Class is that of the file's object.
	Class Class
	// Main is the kind of the one file by which an object that has several is counted: the kind itself for that file,
	// "" for files of no class.
	Main Kind
	// List is the kind of the list that names files of this kind: while it is missing, nobody knows which there are.
	// All lists but that of the units are named by the unit's own file.
	List Kind
	// IsList says that more than one object is missing if this file is.
	IsList bool
	// Slow says that the service takes seconds to make the file's text, and makes many at a time.
	Slow bool
	// Withheld says that a unit may lack the file without a failure, since the token may not see it.
	Withheld bool
	// Checked says that what is odd about the file shows when it is fetched, not in its list.
	Checked bool
	// Late says that the file is made of what other files of its unit hold. An index names it without a version, since that
	// would cost their contents. Those that it names are in no index. It is a JSON array of objects with id, name, status, and
	// path, below the unit's folder, if there is a file.
	Late bool
	// Dated says that the file holds its object's stamps: that it changed says nothing more.
	Dated bool
}

var kinds = map[Kind]KindInfo{
	KindDoc:         {Class: ClassUnit, Main: KindDoc, IsList: true},
	KindPages:       {List: KindDoc, IsList: true},
	KindTables:      {List: KindDoc, IsList: true},
	KindFormulas:    {List: KindDoc, Withheld: true},
	KindControls:    {List: KindDoc, Withheld: true},
	KindPermissions: {List: KindDoc, Withheld: true},

	KindPage:     {Class: ClassText, Main: KindPage, List: KindPages, Slow: true, Checked: true},
	KindPageHTML: {Class: ClassText, Main: KindPage, List: KindPages, Slow: true},
	KindPageJSON: {Class: ClassText, Main: KindPage, List: KindPages},

	KindTable:    {Class: ClassTable, Main: KindRows, List: KindTables, Dated: true},
	KindColumns:  {Class: ClassTable, Main: KindRows, List: KindTables},
	KindRows:     {Class: ClassTable, Main: KindRows, List: KindTables, Checked: true},
	KindRowsJSON: {Class: ClassTable, Main: KindRows, List: KindTables, Checked: true},

	KindFiles: {List: KindDoc, IsList: true, Late: true},
	KindFile:  {List: KindFiles},
}

// TypeView is the [Object].Type of a table that shows rows of another one.
const TypeView = "view"

// AddKinds adds the kinds of a source's files. It is for the initialization of the source's package: nothing may look at the
// table yet. A kind that is there already keeps its meaning, as manifests have it for good: that is a panic.
func AddKinds(more map[Kind]KindInfo) {
	for k, info := range more {
		if _, ok := kinds[k]; ok {
			panic("fs: there are two kinds named " + string(k))
		}
		kinds[k] = info
	}
}

// Info returns what is known of a kind.
func (k Kind) Info() KindInfo { return kinds[k] }

// Is reports whether files of this kind are those by which the objects of a class are counted.
func (k Kind) Is(c Class) bool {
	info := kinds[k]
	return info.Main == k && info.Class == c
}

// WithheldFrom returns the kinds of files that a unit, whose own file is of a kind, may lack without a failure.
func WithheldFrom(unit Kind) (all []Kind) {
	for k, info := range kinds {
		if info.Withheld && info.List == unit {
			all = append(all, k)
		}
	}
	slices.Sort(all)
	return all
}

// Lists returns the kinds of lists without which a file of this kind is not known of, the innermost first. A list is
// among its own.
func (k Kind) Lists() (lists []Kind) {
	if !kinds[k].IsList {
		k = kinds[k].List
	}
	for ; k != ""; k = kinds[k].List {
		lists = append(lists, k)
	}
	return lists
}
