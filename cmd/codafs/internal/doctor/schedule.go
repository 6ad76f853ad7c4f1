package doctor

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// timerUnit is the systemd timer of the packages, which makes a backup each night (packaging/systemd). Timers that a user
// named otherwise are not found.
const timerUnit = "codafs-snapshot.timer"

// schedule is what runs backups regularly. Its zero value says that nothing was found.
type schedule struct {
	by   string    // "" if nothing was found
	next time.Time // zero if not known
	when string    // cron's own words, if the next time is not known
}

// scheduleTime limits how long the search may take. The checks go on without it.
const scheduleTime = 2 * time.Second

// findSchedule asks systemd, the user's manager first, then reads the user's crontab. What cannot be asked is skipped, so
// "nothing was found" does not prove that nothing runs backups: other users' crontabs and other programs are not seen.
func findSchedule(ctx context.Context) schedule {
	ctx, cancel := context.WithTimeout(ctx, scheduleTime)
	defer cancel()
	// The packages' units are for the user's own manager. systemctl fails where there is no systemd.
	for _, manager := range []string{"--user", "--system"} {
		out, err := exec.CommandContext(ctx, "systemctl", manager, "show", timerUnit, "--timestamp=unix", "--property=ActiveState,NextElapseUSecRealtime").Output()
		if err != nil || !strings.Contains(string(out), "ActiveState=active") {
			continue
		}
		return schedule{by: timerUnit, next: nextElapse(string(out))}
	}
	out, err := exec.CommandContext(ctx, "crontab", "-l").Output()
	if when := cronTimes(string(out)); err == nil && when != "" {
		return schedule{by: "cron", when: when}
	}
	return schedule{}
}

// nextElapse parses when a timer runs next: NextElapseUSecRealtime=@1764554025, in seconds since 1970, as
// --timestamp=unix has it. It is zero for a timer that has no next time.
func nextElapse(properties string) time.Time {
	_, rest, _ := strings.Cut(properties, "NextElapseUSecRealtime=@")
	line, _, _ := strings.Cut(rest, "\n")
	seconds, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}

// cronTimes finds the first line of a crontab that makes a snapshot, and returns its times: five fields, or a word such
// as @daily. A line makes one if its command has the words codafs and snapshot, in whatever script; "" means that none does.
func cronTimes(crontab string) string {
	for line := range strings.Lines(crontab) {
		f := strings.Fields(line)
		// crontab(5): five fields of time, or one word that begins with @, and then the command.
		times := 5
		if len(f) > 0 && strings.HasPrefix(f[0], "@") {
			times = 1
		}
		// A comment, an empty line, or a variable (MAILTO=…), which has no command.
		if len(f) <= times || strings.HasPrefix(f[0], "#") {
			continue
		}
		command := strings.Join(f[times:], " ")
		if strings.Contains(command, "codafs") && strings.Contains(command, "snapshot") {
			return strings.Join(f[:times], " ")
		}
	}
	return ""
}

// String says what runs backups, and when it runs next, in the local zone. What cron has is quoted as it stands in the
// crontab: when that comes next is not worked out here.
func (s schedule) String() string {
	switch {
	case s.by == "":
		return "neither a timer of systemd nor your crontab makes backups here"
	case s.when != "":
		return fmt.Sprintf("%s makes backups at %q", s.by, s.when)
	case s.next.IsZero():
		return fmt.Sprintf("%s makes backups; when the next one is, is not known", s.by)
	}
	return fmt.Sprintf("%s makes the next one at %s", s.by, s.next.Local().Format(time.DateTime))
}
