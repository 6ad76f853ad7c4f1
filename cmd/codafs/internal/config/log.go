package config

import (
	"io"
	"log/slog"
	"os"

	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
)

// Logger logs to the error stream, or to --log-file. No logged value ever contains the token: package coda/rest removes it
// from what it logs, and nothing else logs requests. The error is a usage error.
func (s *Settings) Logger(std term.Streams) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.logLevel)); err != nil {
		return nil, exit.Usagef("--log-level %q: want debug, info, warn or error", s.logLevel)
	}
	if s.logFormat != "text" && s.logFormat != "json" {
		return nil, exit.Usagef("--log-format %q: want text or json", s.logFormat)
	}
	out, err := s.logTo(std)
	if err != nil {
		return nil, err
	}
	o := &slog.HandlerOptions{Level: level}
	if s.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(out, o)), nil
	}
	return slog.New(slog.NewTextHandler(out, o)), nil
}

// logTo opens --log-file, which stays open for as long as the process lives. Each line is appended by one write, so
// processes may share the file.
func (s *Settings) logTo(std term.Streams) (io.Writer, error) {
	if s.LogFile == "" {
		return std.Err, nil
	}
	f, err := os.OpenFile(s.LogFile, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, exit.Usagef("--log-file: %w", err)
	}
	return f, nil
}
