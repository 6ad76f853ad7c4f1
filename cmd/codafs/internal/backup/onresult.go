package backup

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/snapshot/format"
)

// OnResultHelp is the help on --on-result.
const OnResultHelp = `--on-result runs a command in a shell at the end, whether the snapshot succeeded or failed; only after a usage error it does
not run. The command reads the summary as JSON on standard input, and has the variables below. What it prints goes to standard
error. If the command itself fails, there is a warning, and the exit code stays the snapshot's.
  CODAFS_RESULT            complete, incomplete, suspect or failed
  CODAFS_RESULT_EXIT_CODE  the exit code, as below
  CODAFS_RESULT_DIR        the new snapshot's folder; empty where nothing was sealed
  CODAFS_RESULT_MESSAGE    what went wrong, or is missing from page text; empty where nothing is`

// afterSignal is how long the command may take if a signal ended the run. Package exit ends the program 10 s after a signal,
// whatever it does.
const afterSignal = 4 * time.Second

// TellResult runs the command of --on-result, if there is one, and returns result: the error that the snapshot ended with.
// A dry run and a usage error are no result. After a signal, that is the result, as it is for the exit code, unless the run had
// ended before; the command is run all the same, since a backup that was stopped is what its user wants to hear of.
func (o *Options) TellResult(ctx context.Context, std term.Streams, result error) error {
	if o.OnResult == "" || o.DryRun || exit.Code(result) == exit.Usage && result != nil {
		return result
	}
	if cause := context.Cause(ctx); cause != nil {
		if _, settled := errors.AsType[exit.Error](result); !settled {
			result = cause
		}
		// The run's context has ended: the command gets one of its own, or it would not even start.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), afterSignal)
		defer cancel()
	}
	if err := o.runOnResult(ctx, std, result); err != nil {
		fmt.Fprintf(std.Err, "codafs: warning: --on-result: %v\n", err)
	}
	return result
}

// runOnResult runs the command with the result in its variables and the summary on its stdin. Its output goes to
// stderr: stdout is data. The environment is that of this process, so a token in a variable is in it; the user wrote the
// command. A command that does not read its stdin is no error.
func (o *Options) runOnResult(ctx context.Context, std term.Streams, result error) error {
	code := 0
	if result != nil {
		code = exit.Code(result)
	}
	var summary bytes.Buffer
	if err := term.PrintJSON(&summary, o.summary); err != nil {
		return err
	}
	c := shell(ctx, o.OnResult)
	c.Stdin, c.Stdout, c.Stderr = &summary, std.Err, std.Err
	c.Env = append(os.Environ(),
		config.ResultPrefix+"="+string(o.resultWord()),
		config.ResultPrefix+"_EXIT_CODE="+strconv.Itoa(code),
		config.ResultPrefix+"_DIR="+o.sealedDir(),
		config.ResultPrefix+"_MESSAGE="+o.resultMessage(result))
	return c.Run()
}

// resultWord is the result of the run; one that failed before it began has no summary, and is failed.
func (o *Options) resultWord() format.Result {
	return cmp.Or(o.summary.Result, format.Failed)
}

// sealedDir is the new snapshot's folder, "" if nothing was sealed.
func (o *Options) sealedDir() string {
	if o.resultWord() == format.Failed {
		return ""
	}
	return filepath.Join(config.Absolute(o.Output), o.summary.ID)
}

// resultMessage is one line for people, "" if all is well.
func (o *Options) resultMessage(result error) string {
	switch {
	case result == nil && o.summary.PagesLineByLine > 0:
		return LineByLine(o.summary.PagesLineByLine)
	case result == nil:
		return ""
	}
	return cmp.Or(exit.Describe(result), fmt.Sprintf("%d missing", o.summary.Missing()))
}

// shell makes a command of a line for the system's own shell. Programs that it starts may outlive it: the shell is killed when
// ctx ends, and a second later their output is waited for no longer.
func shell(ctx context.Context, line string) *exec.Cmd {
	args := []string{"sh", "-c", line}
	if runtime.GOOS == "windows" {
		args = []string{"cmd", "/C", line}
	}
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.WaitDelay = time.Second
	return c
}
