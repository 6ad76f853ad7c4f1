// Package find finds what a user means in a tree: by a path, which may be a little wrong, or by a link.
//
// [Node] follows a path and suggests the nearest one if there is none. [Linked] finds the file of a browser link, of an
// address on Coda's API or of ids; the tree is searched first, and only if no object there has that link, Coda is asked
// what it means. [WithLink] is the way back. Both answer with an [Info], which ls and resolve print.
//
// Names in the tree are never taken apart: an id may hold what separates it from the title. What a path means is found by
// looking names up, and what a link means by comparing ids and links of nodes. A tree that sends requests does so here too,
// for lists, never for content; with an offline tree the same functions answer from what is known.
package find
