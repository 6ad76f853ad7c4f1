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

// NameMode says whether names carry ids.
type NameMode string

const (
	// NamesID names each object <title>__<id>. It is the default: such a name does not
	// change when siblings come and go.
	NamesID NameMode = "id"
	// NamesTitle names an object by its title alone, and adds the id only where two
	// siblings would clash.
	NamesTitle NameMode = "title"
)

// Lengths in bytes. A file system takes names of 255.
const (
	maxName   = 255
	maxTitle  = 80
	maxParent = 60
	// maxEnding is the longest that may follow a stem: a hash, then a file's ending.
	maxEnding = len("~123456") + len(".columns.json")
)

// named is an object that needs a name among its siblings in one folder.
type named struct {
	title   string   // fit for a file system, without the id
	id      string   // as validID takes it; no sibling has the same
	endings []string // of all the object's names in this folder; "" is that of a folder
}

// nameObject is a doc, a page, or a table that stands on no page.
func nameObject(title, id string, endings ...string) named {
	return named{cleanTitle(title, maxTitle), id, endings}
}

// nameTable is a table on a page titled parent. Where ids are so long that the name
// would not fit, the parent's part is cut further: 23 bytes are always left of it.
func nameTable(parent, title, id string, endings ...string) named {
	title = cleanTitle(title, maxTitle)
	room := maxName - maxEnding - len("__"+title+"__"+id)
	return named{cleanTitle(parent, min(maxParent, room)) + "__" + title, id, endings}
}

// form is one of the ways to write an object's stem, the shortest first.
type form int

const (
	formTitle form = iota
	formID
	formHash
)

// stem is the part of the object's names before the ending.
func (n named) stem(f form) string {
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

// uniqueStems gives each of the siblings in one folder a stem, so that no two of their
// names are equal, also where case and Unicode normal forms do not count. The order of
// objs plays no part.
func uniqueStems(mode NameMode, objs []named) []string {
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
func clashes(objs []named, stems []string) [][]int {
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

// lengthen gives the next form to those of each group that have the shortest. An object
// that already carries its id keeps its name when a sibling's title looks the same.
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

// cleanTitle makes a title fit to begin a file name, or to be a folder's, on Linux, macOS
// and Windows, in at most limit bytes (8 or more). A clean title stays as it is.
func cleanTitle(title string, limit int) string {
	s := norm.NFC.String(strings.ToValidUTF8(title, "\uFFFD"))
	// What stood on both sides of a dropped character may compose, and an emoji that
	// became another character no longer holds a joiner: go on until nothing changes.
	for dropped := ""; dropped != s; {
		dropped, s = s, norm.NFC.String(dropFormat(s))
	}
	s = replaceUnsafe(s)
	leading := len(s) - len(strings.TrimLeft(s, ".-"))
	s = strings.Repeat("_", leading) + s[leading:]
	// Only what is left after a cut may be a device's name, and the mark makes it longer.
	s = cut(markDevice(cut(s, limit)), limit)
	if s == "" {
		return "Untitled"
	}
	return s
}

const joiner = '\u200D' // ZWJ, joins emoji to one

// dropFormat drops format characters: they are not seen, and some turn around or hide
// what follows. Joiners between two emoji stay.
func dropFormat(s string) string {
	var b strings.Builder
	runes := append([]rune(s), 0) // so that each has a next
	base := rune(0)               // the last one kept, without what modifies it
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

// isEmoji also takes symbols that are no emoji; a joiner beside one does no harm. The
// block is for emoji that are newer than package unicode's tables.
func isEmoji(r rune) bool {
	return unicode.Is(unicode.So, r) || r == '↔' || r >= 0x1F000 && r <= 0x1FAFF && !modifiesEmoji(r)
}

// modifiesEmoji reports whether r is a variation selector or a skin tone.
func modifiesEmoji(r rune) bool {
	return r >= 0xFE00 && r <= 0xFE0F || r >= 0x1F3FB && r <= 0x1F3FF
}

// replaceUnsafe makes one underscore of each run of characters that a system refuses or
// that break lines.
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

// cut shortens s to at most limit bytes, and leaves nothing at its end that must not
// stand there: a dot, a space, half a character, a joiner that has nothing to join.
func cut(s string, limit int) string {
	if len(s) > limit {
		for !utf8.RuneStart(s[limit]) {
			limit--
		}
		s = s[:limit]
	}
	return strings.TrimRight(s, ". "+string(joiner))
}

// device finds the names that Windows keeps for devices: whatever follows their first
// dot, they are the device still.
var device = regexp.MustCompile(`^(?i)((?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *)(\.|$)`)

// markDevice puts an underscore after the name of a device: con.txt becomes con_.txt.
func markDevice(s string) string {
	return device.ReplaceAllString(s, "${1}_${2}")
}

var idPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// validID reports whether id may be part of a name. No other id gets into the tree, so
// nothing that the service sends can lead out of a folder.
func validID(id string) bool {
	return idPattern.MatchString(id)
}
