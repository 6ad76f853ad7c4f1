package mountpoint

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestFindMountTakesTheTopmost(t *testing.T) {
	const table = `22 1 0:20 / / rw - ext4 /dev/root rw
30 22 0:40 / /mnt/my\040coda rw - fuse.sshfs host: rw
31 30 0:41 / /mnt/my\040coda ro,nosuid shared:5 - fuse.codafs codafs ro
32 22 0:42 / /mnt/my\040coda2 ro - tmpfs none ro
33 22 0:43 / /mnt/back\134slash ro - fuse.codafs codafs ro
34 33 0:44 / /mnt/back\134slash rw - tmpfs none rw
35 31 0:45 / /mnt/covered\040twice rw - fuse.codafs codafs ro
36 35 0:46 / /mnt/covered\040twice rw - tmpfs none rw
37 36 0:47 / /mnt/covered\040twice rw - tmpfs none rw
`
	for path, want := range map[string]Info{
		"/mnt/my coda":       {"0:41", true, nil},
		"/mnt/my coda2":      {"0:42", false, nil},
		`/mnt/back\slash`:    {"0:44", false, []string{"0:43"}},
		"/mnt/covered twice": {"0:47", false, []string{"0:45"}},
		"/":                  {"0:20", false, nil},
	} {
		if got, ok := findMount([]byte(table), path); !reflect.DeepEqual(got, want) || !ok {
			t.Errorf("%s: %v %v, want %v", path, got, ok, want)
		}
	}
	if got, ok := findMount([]byte(table), "/mnt"); ok {
		t.Errorf("/mnt: %v", got)
	}
}

// A mount belongs to the user who mounted it.
func TestMountsAreThoseOfOneUser(t *testing.T) {
	const table = `22 1 0:20 / / rw - ext4 /dev/root rw
31 22 0:41 / /mnt/my\040coda ro,nosuid shared:5 - fuse.codafs codafs ro,user_id=1000,group_id=1000,default_permissions
32 22 0:42 / /mnt/theirs ro - fuse.codafs codafs ro,user_id=10001,group_id=1000
33 22 0:43 / /mnt/other ro - fuse.sshfs host: ro,user_id=1000,group_id=1000
34 22 0:44 / /mnt/last ro - fuse.codafs codafs ro,user_id=1000
`
	if got, want := mountsIn([]byte(table), 1000), []string{"/mnt/my coda", "/mnt/last"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestNoFUSEIsSaidWithAdvice(t *testing.T) {
	err := checkDevice(filepath.Join(t.TempDir(), "fuse"))
	if !errors.Is(err, ErrNoFUSE) || !strings.Contains(err.Error(), "modprobe fuse") {
		t.Errorf("without a device: %v", err)
	}
}

func TestUsersNeedLeaveToLetOthersIn(t *testing.T) {
	for conf, want := range map[string]bool{
		"": false, "#user_allow_other\n": false, "user_allow_other": true,
		"# of the system\nmount_max = 100\n user_allow_other \n": true, "user_allow_others\n": false,
	} {
		if got := allowsOther([]byte(conf)); got != want {
			t.Errorf("%q lets others in: %v", conf, got)
		}
	}
}

func TestALinkToItselfIsNoMountpoint(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink("link", link); err != nil {
		t.Fatal(err)
	}
	if _, err := StateOf(link); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("error %v, want ELOOP", err)
	}
}
