package main

import (
	"slices"
	"testing"

	"github.com/spf13/pflag"
)

func TestEachFlagThatNamesAFileOrFolderIsAPath(t *testing.T) {
	var paths []string
	for name, f := range allFlags() {
		value, _ := pflag.UnquoteUsage(f)
		if named := value == "DIR" || value == "FILE"; named != (f.Value.Type() == "path") {
			t.Errorf("--%s takes a %s and is of type %s: declare it with pathVar", name, value, f.Value.Type())
		}
		if f.Value.Type() == "path" {
			paths = append(paths, name)
		}
	}
	for _, name := range []string{"cache-dir", "config", "log-file", "mountpoint", "output", "token-file"} {
		if !slices.Contains(paths, name) {
			t.Errorf("--%s is no path", name)
		}
	}
}

func TestTheUsersOwnFolder(t *testing.T) {
	t.Setenv("HOME", "/home/ada")
	t.Setenv("USERPROFILE", "/home/ada")
	for given, want := range map[string]string{
		"": "", "a~/b": "a~/b", "./~": "./~", "/srv/coda": "/srv/coda",
		"~": "/home/ada", "~/": "/home/ada", "~/a/b": "/home/ada/a/b", "~ada/b": "", "~~": "",
	} {
		got, err := expandHome(given)
		if got != want || (err == nil) != (want != "" || given == "") {
			t.Errorf("%q: %q, %v; want %q", given, got, err, want)
		}
	}
}
