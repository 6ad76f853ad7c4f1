package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/spf13/pflag"
)

// mountHelper is a name of this program. Called so, by a link in /sbin, it is the mount helper that mount(8) and /etc/fstab
// start for the type codafs:
//
//	mount.codafs SOURCE MOUNTPOINT [-sfnv] [-o OPTIONS] [-t TYPE]
//
// It calls 'codafs mount --background'. The options are the flags of 'codafs mount', with _ or - between words.
// mount(8) describes the call in its section External helpers. Its exit codes are promised here, not ours. Run by root it
// uses the folders of the system, run by a user that user's own.
const mountHelper = "mount.codafs"

// Exit codes of a mount helper, as in mount(8).
const (
	helperUsage  = 1  // incorrect invocation or permissions
	helperFailed = 32 // mount failure
)

// helperHelp is for somebody who calls it by hand. The manual page is packaging/man/mount.codafs.8.
const helperHelp = `mount.codafs is called by mount(8):

  mount -t codafs codafs /mnt/coda -o token_file=/etc/codafs/token,allow_other
  mount -t codafs codafs /mnt/coda -o demo

Options are the flags of 'codafs mount' (see 'codafs mount --help'), such as refresh=5m or doc="a, b".
`

// isMountHelper reports whether the program was called as mount.codafs.
func isMountHelper() bool { return filepath.Base(os.Args[0]) == mountHelper }

// runMountHelper mounts what mount(8) asks for and returns the exit code. It rewrites os.Args: the process in the background
// is started with them, and ps(1) is to show the command that a user could have typed.
func runMountHelper(ctx context.Context, args []string, std term.Streams) int {
	call, err := parseHelperCall(args)
	if errors.Is(err, pflag.ErrHelp) {
		fmt.Fprint(std.Out, helperHelp)
		return 0
	}
	if err != nil {
		fmt.Fprintf(std.Err, "%s: %v\n", mountHelper, err)
		return helperUsage
	}
	if call.fake {
		return 0
	}
	if os.Geteuid() == 0 {
		if err := useSystemFolders(); err != nil {
			fmt.Fprintf(std.Err, "%s: %v\n", mountHelper, err)
			return helperFailed
		}
	}
	os.Args = append([]string{"codafs"}, call.args...) // the arguments of the process in the background
	// run prints its own error, with the name of the command that could be tried by hand.
	switch run(ctx, call.args, std) {
	case 0:
		return 0
	case exit.Usage:
		return helperUsage
	}
	return helperFailed
}

// useSystemFolders makes root's mounts use the same folders at boot, where HOME is not set, and under sudo, where HOME
// is some user's: the cache is /var/cache/codafs, the settings are /etc/codafs/config.toml.
func useSystemFolders() error {
	return errors.Join(os.Setenv("XDG_CACHE_HOME", "/var/cache"), os.Setenv("XDG_CONFIG_HOME", "/etc"))
}

// helperCall is a parsed call by mount(8).
type helperCall struct {
	args []string // of codafs
	fake bool     // -f: do all but mount
}

// parseHelperCall parses the arguments of mount(8). An unknown option is an error, unless -s is given. What comes of
// "codafs /mnt/coda -o ro,token_file=/etc/codafs/token,allow_other" is
//
//	mount --background --token-file=/etc/codafs/token --allow-other -- /mnt/coda
func parseHelperCall(args []string) (helperCall, error) {
	var call helperCall
	// These are mount(8)'s own flags; those without a variable are accepted and mean nothing here.
	flags := pflag.NewFlagSet(mountHelper, pflag.ContinueOnError)
	flags.Usage = func() {}
	options := flags.StringArrayP("options", "o", nil, "")
	flags.BoolVarP(&call.fake, "fake", "f", false, "")
	sloppy := flags.BoolP("sloppy", "s", false, "")
	flags.BoolP("no-mtab", "n", false, "")
	flags.BoolP("verbose", "v", false, "")
	flags.StringP("types", "t", "", "")
	if err := flags.Parse(args); err != nil {
		return call, err
	}
	if flags.NArg() != 2 {
		return call, fmt.Errorf("want a source and a mountpoint, have %d arguments", flags.NArg())
	}
	// Other sources may come later. mount(8) makes the word a path if the working folder has a file of that name.
	if source := filepath.Base(flags.Arg(0)); source != "codafs" && source != "none" {
		return call, fmt.Errorf("the source %q: want codafs or none", flags.Arg(0))
	}
	call.args = []string{"mount", "--background"}
	for _, list := range *options {
		given, err := helperFlags(list, *sloppy)
		if err != nil {
			return call, err
		}
		call.args = append(call.args, given...)
	}
	call.args = append(call.args, "--", flags.Arg(1))
	return call, nil
}

// generic are the options of all file systems. They mean nothing for a tree that is read-only and has neither programs
// nor devices, so they are accepted and ignored. So are the options for the mount command and for systemd: x-….
var generic = strings.Fields(`ro rw defaults auto noauto user nouser users owner nowner group nogroup _netdev nofail
	exec noexec suid nosuid dev nodev atime noatime relatime norelatime strictatime nostrictatime
	diratime nodiratime lazytime nolazytime sync async dirsync silent loud`)

// helperFlags turns a list of options into flags of 'codafs mount'. Values are passed on unchecked: the command itself
// refuses them, in its own words.
func helperFlags(list string, sloppy bool) ([]string, error) {
	known := newMount(term.Streams{}).Flags()
	var flags []string
	for _, option := range splitOptions(list) {
		key, value, valued := strings.Cut(option, "=")
		flag := known.Lookup(strings.ReplaceAll(key, "_", "-"))
		switch {
		case option == "" || slices.Contains(generic, key) || strings.HasPrefix(strings.ToLower(key), "x-") || key == "comment" || sloppy && flag == nil:
		case key == "remount":
			return nil, errors.New("a mount's options cannot be changed: unmount it and mount it again")
		case flag == nil:
			return nil, fmt.Errorf("there is no option %q", key)
		case valued:
			flags = append(flags, "--"+flag.Name+"="+value)
		case flag.NoOptDefVal == "":
			return nil, fmt.Errorf("the option %s wants a value: %s=…", key, key)
		default:
			flags = append(flags, "--"+flag.Name)
		}
	}
	return flags, nil
}

// splitOptions splits at commas that are not in double quotes, as mount(8) does for values that hold some (doc="a, b"), and
// removes the quotes.
func splitOptions(list string) []string {
	quoted := false
	options := strings.FieldsFunc(list, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ',' && !quoted
	})
	for i, o := range options {
		options[i] = strings.ReplaceAll(o, `"`, "")
	}
	return options
}
