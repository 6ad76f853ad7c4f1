package format

import (
	"fmt"
	iofs "io/fs"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// CheckPath refuses a path that is not a plain one below docs/ on every system.
func CheckPath(p string) error {
	bad := func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }
	switch {
	case !utf8.ValidString(p), strings.ContainsFunc(p, bad):
		return fmt.Errorf("the path %q has characters that no path may have", p)
	case !iofs.ValidPath(p), !filepath.IsLocal(filepath.FromSlash(p)):
		return fmt.Errorf("the path %q leaves its folder", p)
	case !strings.HasPrefix(p, "docs/"):
		return fmt.Errorf("the path %q is not below docs/", p)
	}
	return nil
}
