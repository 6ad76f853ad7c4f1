package main

import (
	"fmt"
	"strings"
)

// otherWords are what other programs call our commands.
var otherWords = map[string]string{
	"backup": "snapshot", "dump": "snapshot", "archive": "snapshot", "download": "snapshot", "sync": "snapshot", "copy": "snapshot", "clone": "snapshot",
	"pull": "snapshot", "create": "snapshot", "save": "snapshot", "check": "verify", "validate": "verify", "fsck": "verify",
	"forget": "prune", "gc": "prune", "expire": "prune", "cleanup": "prune", "rotate": "prune", "compare": "diff",
	"snapshots": "list", "backups": "list", "history": "list", "dir": "ls", "docs": "ls", "tree": "ls", "find": "ls", "get": "cat", "show": "cat", "print": "cat",
	"open": "resolve", "url": "resolve", "link": "resolve",
	"diagnose": "doctor", "test": "doctor", "login": "doctor", "auth": "doctor", "whoami": "doctor", "settings": "config", "env": "config",
	"info": "status", "mounts": "status", "ps": "status", "stats": "status", "stop": "unmount", "eject": "unmount", "detach": "unmount", "attach": "mount",
}

// otherWays are words of other programs that no single command stands for.
var otherWays = map[string]string{
	"export":  "'codafs snapshot' writes all as files, 'codafs cat PATH' prints one",
	"restore": "a snapshot holds plain files: copy them from its folder (see 'codafs list')",
	"init":    "there is nothing to prepare: 'codafs snapshot' makes its folder",
}

// nearest is the name that was meant by one that does not exist: at most two slips away, or begun
// alike. It is "" where that is anybody's guess.
func nearest(name string, names []string) string {
	best, slips := "", 3
	for _, n := range names {
		d := distance(name, n)
		if d < slips && d*3 <= len(name) {
			best, slips = n, d
		}
	}
	if best == "" && len(name) >= 3 {
		for _, n := range names {
			if strings.HasPrefix(n, name) {
				return n
			}
		}
	}
	return best
}

// didYouMean is the part of a message that names the nearest, "" where there is none.
func didYouMean(prefix, name string, names []string) string {
	if n := nearest(name, names); n != "" {
		return fmt.Sprintf("; did you mean %s%s?", prefix, n)
	}
	return ""
}

// distance counts the slips between two words: a letter too many, too few, wrong, or two letters
// in the wrong order (optimal string alignment).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			wrong := 1
			if a[i-1] == b[j-1] {
				wrong = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+wrong)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
