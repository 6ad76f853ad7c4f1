// Package target finds the table or page that a user wants to read or change: TABLE, PAGE and FILE of the commands that
// write. [Finder.Object] takes an id, a link, or a path in a tree, a mount or a snapshot; [Finder.File] an edited copy of an
// object's file, which may lie anywhere and have any name.
//
// A file finds its object by the link in its rows, else by the id in its name, else by its path. Names are never taken
// apart: ids may hold what separates them from the title, so the ids of known objects are looked for in the name.
//
// It sends requests for lists, never for content.
package target
