package main

import (
	"slices"
	"testing"

	"github.com/spf13/cobra"
)

// A mount of another release may not know a setting that is set here, and does not do it.
func TestASettingThatAMountDoesNotNameIsTheDefault(t *testing.T) {
	var s settings
	cmd := &cobra.Command{}
	s.register(cmd)
	for name, value := range map[string]string{"rows-json": "true", "names": "title", "workspace-id": "ws-1", "doc": "a"} {
		if err := set(cmd.Flags(), cmd.Flags().Lookup(name), value, fromFile); err != nil {
			t.Fatal(err)
		}
		if err := replace(cmd.Flags().Lookup(name), nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s.selection.RowsJSON || s.names != "id" || s.selection.WorkspaceID != "" || len(s.selection.Docs) > 0 {
		t.Errorf("%+v, names %s", s.selection, s.names)
	}
	if err := replace(cmd.Flags().Lookup("doc"), []any{"b", "c"}); err != nil || !slices.Equal(s.selection.Docs, []string{"b", "c"}) {
		t.Errorf("%q, %v", s.selection.Docs, err)
	}
}
