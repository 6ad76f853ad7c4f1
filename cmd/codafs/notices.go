package main

import (
	"fmt"
	"io"
	"slices"
	"sync"
)

// notices prints notes about the whole workspace, and remembers them: the end of a run prints nothing twice.
type notices struct {
	out io.Writer // nil prints nothing

	mu   sync.Mutex
	said []string
}

// add prints a note. It may be called from several goroutines.
func (n *notices) add(text string) {
	if n.out == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.said = append(n.said, text)
	fmt.Fprintln(n.out, "codafs: note: "+printable(text))
}

func (n *notices) has(text string) bool {
	if n == nil {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Contains(n.said, text)
}
