package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"
)

// screen is a terminal whose last line is redrawn. The rest of a longer old line is overwritten with spaces: every
// terminal can do that.
type screen struct {
	out   io.Writer
	width func() int

	mu    sync.Mutex // guards drawn, and the terminal
	drawn string
}

// columns is how wide the line may be: a full one would wrap.
func (s *screen) columns() int { return max(s.width()-1, 0) }

func (s *screen) redraw(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line = cut(line, s.columns())
	if line == s.drawn {
		return
	}
	fmt.Fprint(s.out, "\r"+line+strings.Repeat(" ", max(0, textWidth(s.drawn)-textWidth(line))))
	s.drawn = line
}

func (s *screen) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wipe()
}

// wipe removes the line. s.mu is held.
func (s *screen) wipe() {
	if s.drawn != "" {
		fmt.Fprint(s.out, "\r"+strings.Repeat(" ", textWidth(s.drawn))+"\r")
		s.drawn = ""
	}
}

// Write prints other text. The line comes back when it is redrawn.
func (s *screen) Write(b []byte) (int, error) {
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
