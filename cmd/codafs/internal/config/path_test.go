package config

import (
	"testing"
)

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
