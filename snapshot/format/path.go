package format

import (
	"fmt"
	iofs "io/fs"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// CheckPath refuses a path that is not, on every system, a plain one below the top folder of a tree.
func CheckPath(p string) error {
	bad := func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }
	switch {
	case !utf8.ValidString(p), strings.ContainsFunc(p, bad):
		return fmt.Errorf("the path %q has characters that no path may have", p)
	case !iofs.ValidPath(p), !filepath.IsLocal(filepath.FromSlash(p)):
		return fmt.Errorf("the path %q leaves its folder", p)
	}
	top, _, below := strings.Cut(p, "/")
	if !below || strings.Trim(top, topFolder) != "" || strings.EqualFold(top, SumsName) {
		return fmt.Errorf("the path %q is not in the top folder of a tree, such as docs/", p)
	}
	return nil
}

// topFolder has the characters in the name of a tree's top folder, which stands beside the records.
const topFolder = "abcdefghijklmnopqrstuvwxyz0123456789-_"
