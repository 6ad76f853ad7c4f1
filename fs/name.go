package fs

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// NameMode says whether names contain ids.
type NameMode string

const (
	// NamesID names each object <title>__<id>. It is the default: such a name stays the same when siblings come and go.
	NamesID NameMode = "id"
	// NamesTitle names an object by its title alone, and adds the id only where two
	// siblings would clash.
	NamesTitle NameMode = "title"
)

// Lengths in bytes. File systems allow 255 for a name.
const (
	maxName   = 255
	MaxTitle  = 80 // of the title in a name; the rest is cut
	maxParent = 60
	// MaxEnding is the longest text that may follow a stem: a hash, then a file's ending.
	MaxEnding = len("~123456") + len(".columns.json")
)

// Named is an object that needs a name among its siblings in one folder.
type Named struct {
	title   string   // fit for a file system, without the id
	id      string   // passes ValidID; no sibling has the same
	endings []string // of all the object's names in this folder; "" is that of a folder
}

// NameOf names a doc, a page, or a table that is not on a page.
func NameOf(title, id string, endings ...string) Named {
	return Named{CleanTitle(title, MaxTitle), id, endings}
}

// NameOn names a table on a page titled parent. If the ids are so long that the name would not fit, the parent's
// part is cut further; at least 23 bytes of it are left.
func NameOn(parent, title, id string, endings ...string) Named {
	title = CleanTitle(title, MaxTitle)
	room := maxName - MaxEnding - len("__"+title+"__"+id)
	return Named{CleanTitle(parent, min(maxParent, room)) + "__" + title, id, endings}
}

// form is a way to write an object's stem. The shortest comes first.
type form int

const (
	formTitle form = iota
	formID
	formHash
)

// stem returns the part of the object's names before the ending.
func (n Named) stem(f form) string {
	switch f {
	case formTitle:
		return n.title
	case formID:
		return n.title + "__" + n.id
	default:
		sum := sha256.Sum256([]byte(n.id))
		return n.title + "__" + n.id + "~" + hex.EncodeToString(sum[:3])
	}
}

// UniqueStems returns a stem for each of the siblings in one folder, so that no two of their names are equal, even if
// case and Unicode normal forms are ignored. The order of objs does not matter.
func UniqueStems(mode NameMode, objs []Named) []string {
	forms := make([]form, len(objs))
	if mode != NamesTitle {
		for i := range forms {
			forms[i] = formID
		}
	}
	for {
		stems := make([]string, len(objs))
		for i, o := range objs {
			stems[i] = o.stem(forms[i])
		}
		longer := lengthen(forms, clashes(objs, stems))
		if slices.Equal(longer, forms) {
			return stems
		}
		forms = longer
	}
}

// clashes groups the objects (by index) that share a name.
func clashes(objs []Named, stems []string) [][]int {
	fold := cases.Fold()
	holders := make(map[string][]int)
	for i, o := range objs {
		for _, ending := range o.endings {
			// Unicode's canonical caseless match (standard, section 3.13, D145).
			key := norm.NFD.String(fold.String(norm.NFD.String(stems[i] + ending)))
			holders[key] = append(holders[key], i)
		}
	}
	var groups [][]int
	for _, group := range holders {
		if len(group) > 1 {
			groups = append(groups, group)
		}
	}
	return groups
}

// lengthen uses the next form for those objects of each group that have the shortest one. So an object that already has
// its id in its name keeps that name when a sibling's title looks the same.
func lengthen(forms []form, groups [][]int) []form {
	longer := slices.Clone(forms)
	for _, group := range groups {
		shortest := formHash
		for _, i := range group {
			shortest = min(shortest, forms[i])
		}
		for _, i := range group {
			if forms[i] == shortest {
				longer[i] = min(shortest+1, formHash)
			}
		}
	}
	return longer
}

// CleanTitle makes a title fit for the beginning of a file name, or for a folder name, on Linux, macOS and Windows, in
// at most limit bytes (8 or more). A clean title is returned as it is.
func CleanTitle(title string, limit int) string {
	s := norm.NFC.String(strings.ToValidUTF8(title, "\uFFFD"))
	// Dropping a character may let its neighbours compose, and an emoji that became another character does not keep its
	// joiner: so repeat until nothing changes.
	for dropped := ""; dropped != s; {
		dropped, s = s, norm.NFC.String(dropFormat(s))
	}
	s = replaceUnsafe(s)
	leading := len(s) - len(strings.TrimLeft(s, ".-"))
	s = strings.Repeat("_", leading) + s[leading:]
	// Only what is left after a cut may be a device's name, and the mark makes it longer: cut again.
	s = cut(markDevice(cut(s, limit)), limit)
	if s == "" {
		return "Untitled"
	}
	return s
}

const joiner = '\u200D' // ZWJ, joins emoji to one

// dropFormat drops format characters: they are invisible, and some reverse or hide the text after them. Joiners between
// two emoji stay.
func dropFormat(s string) string {
	var b strings.Builder
	runes := append([]rune(s), 0) // so that each has a next
	base := rune(0)               // the last rune kept that is not a modifier
	for i, r := range runes[:len(runes)-1] {
		joins := r == joiner && isEmoji(base) && isEmoji(runes[i+1])
		if unicode.Is(unicode.Cf, r) && !joins {
			continue
		}
		b.WriteRune(r)
		if !modifiesEmoji(r) {
			base = r
		}
	}
	return b.String()
}

// isEmoji is also true for symbols that are no emoji; a joiner beside one does no harm. The range has emoji that are
// newer than package unicode's tables.
func isEmoji(r rune) bool {
	return unicode.Is(unicode.So, r) || r == '↔' || r >= 0x1F000 && r <= 0x1FAFF && !modifiesEmoji(r)
}

// modifiesEmoji reports whether r is a variation selector or a skin tone.
func modifiesEmoji(r rune) bool {
	return r >= 0xFE00 && r <= 0xFE0F || r >= 0x1F3FB && r <= 0x1F3FF
}

// replaceUnsafe replaces each run of characters that a system refuses, or that break lines, by one underscore.
func replaceUnsafe(s string) string {
	var b strings.Builder
	inRun := false
	for _, r := range s {
		unsafe := strings.ContainsRune(`<>:"/\|?*%`, r) || unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp)
		switch {
		case !unsafe:
			b.WriteRune(r)
		case !inRun:
			b.WriteByte('_')
		}
		inRun = unsafe
	}
	return b.String()
}

// cut shortens s to at most limit bytes, and removes from its end what must not be there: a dot, a space, half a
// character, a joiner with nothing to join.
func cut(s string, limit int) string {
	if len(s) > limit {
		for !utf8.RuneStart(s[limit]) {
			limit--
		}
		s = s[:limit]
	}
	return strings.TrimRight(s, ". "+string(joiner))
}

// device matches the names that Windows reserves for devices, with anything after their first dot.
var device = regexp.MustCompile(`^(?i)((?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *)(\.|$)`)

// markDevice puts an underscore after the name of a device: con.txt becomes con_.txt.
func markDevice(s string) string {
	return device.ReplaceAllString(s, "${1}_${2}")
}

var idPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// ValidID reports whether id may be part of a name. Objects with other ids are left out of the tree, so that nothing
// that the service sends can lead out of a folder.
func ValidID(id string) bool {
	return idPattern.MatchString(id)
}
