package doctor

import (
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/backup"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/snapshot/format"
	"github.com/codafs/codafs/snapshot/sealed"
)

func TestTheAgeOfTheLastGoodBackup(t *testing.T) {
	now := time.Now()
	made := func(ago time.Duration) sealed.Listed {
		return sealed.Listed{ID: ago.String(), Summary: format.Summary{FinishedAt: now.Add(-ago), Result: format.Complete}}
	}
	systemd := schedule{by: timerUnit}
	for _, c := range []struct {
		what  string
		ago   time.Duration
		by    schedule
		state string
		do    string
	}{
		{"this night's", 9 * time.Hour, systemd, isOK, ""},
		{"two nights without one", 2*term.Day + time.Hour, systemd, isWarning, "journalctl"},
		{"two nights, by cron", 2*term.Day + time.Hour, schedule{by: "cron", when: "@daily"}, isWarning, "mails"},
		{"by hand", 6 * term.Day, schedule{}, isOK, ""},
		{"by hand, long ago", 8 * term.Day, schedule{}, isWarning, "codafs snapshot"},
	} {
		l := made(c.ago)
		f := ageFinding(backup.Output{All: []sealed.Listed{l}, Good: &l}, c.by, now)
		if f.State != c.state || !strings.Contains(f.Do, c.do) || !strings.Contains(f.Text, term.FormatAge(c.ago)+" ago") {
			t.Errorf("%s: %+v", c.what, f)
		}
	}
	good, later := made(3*time.Hour), made(time.Hour)
	if f := ageFinding(backup.Output{All: []sealed.Listed{good, later}, Good: &good}, systemd, now); f.State != isWarning {
		t.Errorf("a later one that is not good: %+v", f)
	}
	if f := ageFinding(backup.Output{All: []sealed.Listed{good}}, systemd, now); f.State != isWarning {
		t.Errorf("none is good: %+v", f)
	}
}

func TestCrontabs(t *testing.T) {
	for crontab, want := range map[string]string{
		"":                               "",
		"# 30 2 * * * codafs snapshot\n": "",
		"MAILTO=me\n30 2 * * 1 codafs snapshot -q":     "30 2 * * 1",
		"@daily /opt/codafs snapshot\n":                "@daily",
		"0 1 * * * codafs prune\n@reboot codafs mount": "",
	} {
		if got := cronTimes(crontab); got != want {
			t.Errorf("%q: %q, want %q", crontab, got, want)
		}
	}
}
