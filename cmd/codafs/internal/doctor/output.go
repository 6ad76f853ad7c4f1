package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/backup"
	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/snapshot/folder"
)

// checkOutput checks a folder of snapshots, which may not exist yet, and what runs the backups. Contents are not compared
// with their checksums: that is 'codafs verify', and takes as long as reading all of them. It has three lines (output, backup,
// schedule), or one if the folder cannot be used.
func checkOutput(ctx context.Context, dir string) []finding {
	const check = "output"
	free, err := tryFolder(dir)
	if err != nil {
		return []finding{{check, isProblem, err.Error(), "give another folder with --output"}}
	}
	b, err := backup.ReadOutput(dir)
	if err != nil {
		return []finding{{check, isProblem, err.Error(), ""}}
	}
	s := findSchedule(ctx)
	return []finding{finding{check, isOK, dir + ": " + room(ctx, dir, b) + term.FormatSize(free) + " free", ""}.lack(b, free),
		ageFinding(b, s, time.Now()), {"schedule", isOK, s.String(), ""}}
}

// noOutput says where backups were looked for, if no folder is set and the default one does not exist. The default is
// relative to the working folder: that there is no backup would be a wrong conclusion.
func noOutput(ctx context.Context, dir string) []finding {
	s := findSchedule(ctx)
	do := "name the folder of your backups: --output DIR, or output in the configuration file"
	if s.by == timerUnit {
		do += " (those of the timer are in ~/coda-backups, or in the OUTPUT of ~/.config/codafs/snapshot.env)"
	}
	return []finding{{"output", isOK, "no folder is set, and " + config.Absolute(dir) + " is not there", do}, {"schedule", isOK, s.String(), ""}}
}

// room says how much space the snapshots of a folder take, as far as that is known. A file that several share counts once.
func room(ctx context.Context, dir string, b backup.Output) string {
	if len(b.All) == 0 {
		return ""
	}
	text := term.Count(len(b.All), "snapshot")
	space, err := folder.Space(ctx, dir, b.IDs())
	if err != nil || space == nil {
		return text + ", "
	}
	all := int64(0)
	for _, n := range space {
		all += n
	}
	verb := " take "
	if len(b.All) == 1 {
		verb = " takes "
	}
	return text + verb + term.FormatSize(all) + ", "
}

// lack turns f into a warning if there may be no space for one more snapshot: a full one as large as the last good one.
func (f finding) lack(b backup.Output, free int64) finding {
	if b.Good != nil && free < b.Good.Summary.Bytes {
		f.State, f.Do = isWarning, fmt.Sprintf("make room, with codafs prune: all that the last one has are %s", term.FormatSize(b.Good.Summary.Bytes))
	}
	return f
}

// oldIfScheduled is how old the last good backup may be if backups are scheduled: one a day is expected, and a machine may
// have been off when it was due.
const oldIfScheduled = 2 * term.Day

// ageFinding reports how old the last good backup is. No backup at all is no warning: many only mount. It is one if a later
// run was not good, if a schedule did not do its work, or if without a schedule the last one is older than backup.OldAfter.
func ageFinding(b backup.Output, s schedule, now time.Time) finding {
	const check = "backup"
	switch {
	case len(b.All) == 0:
		return finding{check, isOK, "there is none yet", "codafs snapshot"}
	case b.Good == nil:
		return finding{check, isWarning, "none is good", "codafs list tells what there is"}
	}
	last := b.All[len(b.All)-1]
	good := b.Good.Summary
	text := fmt.Sprintf("the last good one was made %s ago (%s, %s)", term.FormatAge(b.Age(now)), good.FinishedAt.Local().Format(term.DateTimeZone), good.Result)
	// Whether a later run failed is said first: an old good one is then explained.
	switch age := b.Age(now); {
	case last.ID != b.Good.ID:
		return finding{check, isWarning, text + "; a later one is not good", "codafs list tells what there is"}
	case s.by != "" && age > oldIfScheduled:
		return finding{check, isWarning, text, "look why no later one came: " + s.log()}
	case age > backup.OldAfter:
		return finding{check, isWarning, text, "codafs snapshot --incremental"}
	}
	return finding{check, isOK, text, ""}
}

// log names the place where the scheduled backups write their log: of a timer the journal, of cron the mail that it sends, if
// the machine can send any.
func (s schedule) log() string {
	if s.by == timerUnit {
		return "journalctl --user -u codafs-snapshot"
	}
	return "cron mails what they print"
}
