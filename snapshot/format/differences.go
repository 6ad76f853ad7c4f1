package format

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Differences says in words, key by key, what a run, now, is asked for otherwise than the one that h is of; "" where
// both are of one series.
func (h Head) Differences(now Head) string {
	a, b := asked(h), asked(now)
	all := maps.Clone(a)
	maps.Copy(all, b)
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if a[key] != b[key] {
			parts = append(parts, fmt.Sprintf("%s: %s there, %s now", key, orNotSet(a[key]), orNotSet(b[key])))
		}
	}
	return strings.Join(parts, "; ")
}

// asked is what a run was asked for, as words: its source and the settings that are not their defaults.
func asked(h Head) map[string]string {
	words := map[string]string{"account": shown(h.Source.Account), "api-url": shown(h.Source.APIURL)}
	selection, err := plain(h.Options.Selection)
	if err != nil {
		return words
	}
	for name, value := range selection {
		list, ok := value.([]string)
		if !ok {
			list = []string{fmt.Sprint(value)}
		}
		quoted := make([]string, len(list))
		for i, s := range list {
			quoted[i] = shown(s)
		}
		words[name] = strings.Join(quoted, " ")
	}
	return words
}

func orNotSet(s string) string {
	if s == "" {
		return "not set"
	}
	return s
}

// shown is a value as it may be shown: it is quoted where it is more than one word.
func shown(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }) {
		return strconv.Quote(s)
	}
	return s
}
