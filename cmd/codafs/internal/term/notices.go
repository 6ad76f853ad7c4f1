package term

import (
	"fmt"
	"io"
	"slices"
	"sync"
)

// Notices prints notes about the whole workspace, and remembers them: the end of a run prints nothing twice. Its methods may be
// called from several goroutines. The lock is held while a note is printed, so that lines do not mix.
type Notices struct {
	Out io.Writer // nil prints and remembers nothing; not changed after the first Add

	mu   sync.Mutex // guards said, and the order of the lines
	said []string
}

// Add prints a note. It may be called from several goroutines.
func (n *Notices) Add(text string) {
	if n.Out == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.said = append(n.said, text)
	fmt.Fprintln(n.Out, "codafs: note: "+Printable(text))
}

// Has reports whether a note was printed. A nil *Notices has printed none.
func (n *Notices) Has(text string) bool {
	if n == nil {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Contains(n.said, text)
}
