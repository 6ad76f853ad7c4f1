package main

import (
	"slices"
	"testing"
)

func TestHelperCalls(t *testing.T) {
	flags := func(flags ...string) []string { return append([]string{"mount", "--background"}, flags...) }
	for name, c := range map[string]struct {
		call []string
		want []string // none: it is refused
	}{
		"no options":               {[]string{"none", "/mnt"}, flags("--", "/mnt")},
		"a mountpoint like a flag": {[]string{"codafs", "-o", "demo", "--", "-x"}, flags("--demo", "--", "-x")},
		"generic ones": {[]string{"codafs", "/mnt", "-o", "rw,_netdev,x-systemd.automount,X-mount.mkdir=0755,comment=my coda,noauto,nofail,user,nosuid"},
			flags("--", "/mnt")},
		"values":                    {[]string{"codafs", "/mnt", "-o", "refresh=5m,token_file=/etc/codafs/token,cache-size=1GiB"}, flags("--refresh=5m", "--token-file=/etc/codafs/token", "--cache-size=1GiB", "--", "/mnt")},
		"a value with =":            {[]string{"codafs", "/mnt", "-o", "rate=export=30/6s"}, flags("--rate=export=30/6s", "--", "/mnt")},
		"a value with a comma":      {[]string{"codafs", "/mnt", "-o", `ro,doc="Plans, old",doc=Team Handbook`}, flags("--doc=Plans, old", "--doc=Team Handbook", "--", "/mnt")},
		"a switch with its value":   {[]string{"codafs", "/mnt", "-o", "allow_other=false,offline"}, flags("--allow-other=false", "--offline", "--", "/mnt")},
		"options before, and twice": {[]string{"-o", "demo", "codafs", "/mnt", "-o", "offline"}, flags("--demo", "--offline", "--", "/mnt")},
		"mount's own flags":         {[]string{"codafs", "/mnt", "-v", "-n", "-t", "codafs", "-o", "demo"}, flags("--demo", "--", "/mnt")},
		"sloppy":                    {[]string{"codafs", "/mnt", "-s", "-o", "umask=022,demo"}, flags("--demo", "--", "/mnt")},
		"empty ones":                {[]string{"codafs", "/mnt", "-o", ",,demo,"}, flags("--demo", "--", "/mnt")},

		"unknown option":  {[]string{"codafs", "/mnt", "-o", "umask=022"}, nil},
		"unknown flag":    {[]string{"codafs", "/mnt", "-N", "1"}, nil},
		"value missing":   {[]string{"codafs", "/mnt", "-o", "refresh"}, nil},
		"remount":         {[]string{"codafs", "/mnt", "-o", "remount,demo"}, nil},
		"another source":  {[]string{"coda.io", "/mnt"}, nil},
		"no mountpoint":   {[]string{"codafs"}, nil},
		"two mountpoints": {[]string{"codafs", "/mnt", "/media"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			call, err := parseHelperCall(c.call)
			if (err == nil) != (c.want != nil) {
				t.Fatalf("error %v", err)
			}
			if err == nil && !slices.Equal(call.args, c.want) {
				t.Errorf("%q\nwant %q", call.args, c.want)
			}
		})
	}
}
