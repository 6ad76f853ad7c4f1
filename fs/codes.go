package fs

// Codes of failures that codafs finds by itself. A service has its own besides.
const (
	CodeBadID    = "bad_id"    // the object's id cannot be part of a file name
	CodeNoSpace  = "no_space"  // the cache's disk is full
	CodeNotFound = "not_found" // the object is not there any more
	// CodeRefused says that the service takes no request with this token: further requests are useless.
	CodeRefused = "unauthorized"
	CodeNoFile  = "no_file" // the service shows a file, and gives no address of its own for it
	CodeOther   = "error"   // no other code fits; the message says more
)

// Codes of warnings.
const (
	// CodeTwice marks a list that named an item twice.
	CodeTwice = "listed_twice"
	// CodeListEmpty marks an empty list of a unit in which the service counts some items.
	CodeListEmpty = "list_empty"
	// CodeNotListed marks a unit that the list of units lacks, and that exists.
	CodeNotListed = "not_listed"
	// CodeAllLost marks a list of units that is suddenly empty.
	CodeAllLost = "all_lost"
)
