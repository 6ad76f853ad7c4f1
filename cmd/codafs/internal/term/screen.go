package term

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"
)

// Screen is a terminal whose last line is redrawn. The rest of a longer old line is overwritten with spaces: every
// terminal can do that. Its methods may be called from several goroutines.
type Screen struct {
	out   io.Writer
	width func() int

	mu    sync.Mutex // guards drawn, and the terminal
	drawn string
}

// ScreenOn returns the screen that w is, or false if w is no terminal, or one whose line cannot be redrawn.
func ScreenOn(w io.Writer) (*Screen, bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || os.Getenv("TERM") == "dumb" {
		return nil, false
	}
	return NewScreen(f, widthOf(f)), true
}

// NewScreen returns a screen that writes to out. width is asked at each redrawing.
func NewScreen(out io.Writer, width func() int) *Screen { return &Screen{out: out, width: width} }

// IsScreen reports whether w is a screen: then its user sees what a command waits for, and need not be told in another way.
func IsScreen(w io.Writer) bool {
	_, ok := w.(*Screen)
	return ok
}

// Columns is how many columns the line may take: a full line would wrap.
func (s *Screen) Columns() int { return max(s.width()-1, 0) }

// Redraw shows line, as far as it fits, instead of the line before. An equal line is not drawn again. It must not hold
// control characters: see [Printable]. A terminal that takes nothing (Ctrl-S) blocks it, and whoever writes meanwhile.
func (s *Screen) Redraw(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// The width is asked each time: the terminal may have been resized since the last line.
	line = Cut(line, s.Columns())
	if line == s.drawn {
		return
	}
	fmt.Fprint(s.out, "\r"+line+strings.Repeat(" ", max(0, Width(s.drawn)-Width(line))))
	s.drawn = line
}

// Clear removes the line. It may be called when there is none.
func (s *Screen) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wipe()
}

// wipe removes the line. s.mu is held.
func (s *Screen) wipe() {
	if s.drawn != "" {
		fmt.Fprint(s.out, "\r"+strings.Repeat(" ", Width(s.drawn))+"\r")
		s.drawn = ""
	}
}

// Beside returns a writer to a stream that may be the same terminal as the screen, whose line is removed first.
func (s *Screen) Beside(w io.Writer) io.Writer { return &besideScreen{s, w} }

// besideScreen holds the screen's lock while it writes, so that no line is drawn in the middle of the text.
type besideScreen struct {
	screen *Screen
	out    io.Writer
}

// Write implements [io.Writer].
func (b *besideScreen) Write(p []byte) (int, error) {
	b.screen.mu.Lock()
	defer b.screen.mu.Unlock()
	b.screen.wipe()
	return b.out.Write(p)
}

// Write implements [io.Writer]: it prints other text, and removes the line first.
func (s *Screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wipe()
	return s.out.Write(b)
}

// widthOf reports a terminal's width at each call: it may be resized.
func widthOf(f *os.File) func() int {
	return func() int {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
		return 80
	}
}
