package config

import (
	"slices"
	"testing"

	"github.com/spf13/pflag"
)

// A mount of another release may not know a setting that is set here, and does not do it.
func TestASettingThatAMountDoesNotNameIsTheDefault(t *testing.T) {
	var s Settings
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	s.Register(flags)
	for name, value := range map[string]string{"rows-json": "true", "names": "title", "workspace-id": "ws-1", "doc": "a"} {
		if err := set(flags, flags.Lookup(name), value, FromFile); err != nil {
			t.Fatal(err)
		}
		if err := replace(flags.Lookup(name), nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s.Selection.RowsJSON || s.Names != "id" || s.Selection.WorkspaceID != "" || len(s.Selection.Docs) > 0 {
		t.Errorf("%+v, names %s", s.Selection, s.Names)
	}
	if err := replace(flags.Lookup("doc"), []any{"b", "c"}); err != nil || !slices.Equal(s.Selection.Docs, []string{"b", "c"}) {
		t.Errorf("%q, %v", s.Selection.Docs, err)
	}
}
