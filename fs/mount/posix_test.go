//go:build linux

package mount

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// posixChecks are what POSIX and Linux promise of files and folders that are only read. Those of go-fuse's
// posixtest need a file system that can be written; its checks of reading are among these. Each gets a folder
// with the file a.md (300,000 bytes of sample), empty.md, and the folder sub with 500 files.
var posixChecks = map[string]func(dir string) error{
	"pread takes any part": func(dir string) error {
		return withFile(dir, func(f *os.File, want []byte) error {
			for _, off := range []int64{0, 1, 4095, 4096, 131071, 131072, 262144, 299_999} {
				for _, n := range []int{1, 2, 4096, 70_000} {
					b := make([]byte, n)
					got, err := f.ReadAt(b, off)
					left := want[off:min(off+int64(n), int64(len(want)))]
					if !bytes.Equal(b[:got], left) || got < n != (err == io.EOF) {
						return fmt.Errorf("%d bytes at %d: %d, %v", n, off, got, err)
					}
				}
			}
			return nil
		})
	},
	"reading at and behind the end gives nothing": func(dir string) error {
		return withFile(dir, func(f *os.File, want []byte) error {
			for _, off := range []int64{0, 1, 1 << 20, 1 << 40} {
				if n, err := unix.Pread(fd(f), make([]byte, 10), int64(len(want))+off); n != 0 || err != nil {
					return fmt.Errorf("%d bytes behind: %d, %v", off, n, err)
				}
			}
			return nil
		})
	},
	"lseek finds the end, data and holes": func(dir string) error {
		return withFile(dir, func(f *os.File, want []byte) error {
			size := int64(len(want))
			for _, c := range []struct {
				off    int64
				whence int
				want   int64
				err    error
			}{
				{0, unix.SEEK_END, size, nil}, {-1, unix.SEEK_END, size - 1, nil}, {10, unix.SEEK_SET, 10, nil}, {5, unix.SEEK_CUR, 15, nil},
				{size / 2, unix.SEEK_DATA, size / 2, nil}, {size / 2, unix.SEEK_HOLE, size, nil},
				{size, unix.SEEK_DATA, 0, unix.ENXIO}, {size + 1, unix.SEEK_DATA, 0, unix.ENXIO}, {size + 1, unix.SEEK_HOLE, 0, unix.ENXIO},
				{-1, unix.SEEK_SET, 0, unix.EINVAL},
			} {
				if got, err := unix.Seek(fd(f), c.off, c.whence); err != c.err || err == nil && got != c.want {
					return fmt.Errorf("lseek(%d, %d) = %d, %v", c.off, c.whence, got, err)
				}
			}
			return nil
		})
	},
	"duplicates share an offset, opens do not": func(dir string) error {
		return withFile(dir, func(f *os.File, want []byte) error {
			twin, err := unix.Dup(fd(f))
			if err != nil {
				return err
			}
			defer unix.Close(twin)
			b := make([]byte, 10)
			for i := range 4 {
				if _, err := unix.Read([]int{fd(f), twin}[i%2], b); err != nil || !bytes.Equal(b, want[10*i:10*i+10]) {
					return fmt.Errorf("read %d: %q, %v", i, b, err)
				}
			}
			return withFile(dir, func(f *os.File, want []byte) error {
				_, err := unix.Read(fd(f), b)
				return errors.Join(err, same(b, want[:10]))
			})
		})
	},
	"readv fills its buffers in turn": func(dir string) error {
		return withFile(dir, func(f *os.File, want []byte) error {
			a, b := make([]byte, 100), make([]byte, 5000)
			n, err := unix.Preadv(fd(f), [][]byte{a, b}, 50)
			if n != 5100 {
				return fmt.Errorf("%d bytes, %v", n, err)
			}
			return same(slices.Concat(a, b), want[50:5150])
		})
	},
	"mmap shows the file, and zeros to the end of the last page": func(dir string) error {
		return withFile(dir, func(f *os.File, want []byte) error {
			for _, flags := range []int{unix.MAP_PRIVATE, unix.MAP_SHARED} {
				whole := (len(want) + 4095) &^ 4095
				b, err := unix.Mmap(fd(f), 0, whole, unix.PROT_READ, flags)
				if err != nil {
					return err
				}
				if err := errors.Join(same(b, append(want, make([]byte, whole-len(want))...)), unix.Munmap(b)); err != nil {
					return err
				}
			}
			return nil
		})
	},
	"stat, fstat, lstat and statx agree": func(dir string) error {
		return withFile(dir, func(f *os.File, want []byte) error {
			var a, b, c unix.Stat_t
			var x unix.Statx_t
			path := dir + "/a.md"
			err := errors.Join(unix.Stat(path, &a), unix.Fstat(fd(f), &b), unix.Lstat(path, &c), unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_ALL, &x))
			if a.Atim, b.Atim, c.Atim = (unix.Timespec{}), (unix.Timespec{}), (unix.Timespec{}); err != nil || a != b || b != c {
				return fmt.Errorf("%+v\n%+v\n%+v\n%v", a, b, c, err)
			}
			if a.Size != int64(len(want)) || x.Size != uint64(a.Size) || x.Ino != a.Ino || x.Mtime.Sec != a.Mtim.Sec {
				return fmt.Errorf("%+v\n%+v", a, x)
			}
			return nil
		})
	},
	"openat and fstatat go from a folder that is open": func(dir string) error {
		d, err := unix.Open(dir+"/sub", unix.O_RDONLY|unix.O_DIRECTORY, 0)
		if err != nil {
			return err
		}
		defer unix.Close(d)
		f, err := unix.Openat(d, "../a.md", unix.O_RDONLY, 0)
		if err != nil {
			return err
		}
		defer unix.Close(f)
		var a, b unix.Stat_t
		if err := errors.Join(unix.Fstat(f, &a), unix.Fstatat(d, "../a.md", &b, 0)); err != nil || a.Ino != b.Ino {
			return fmt.Errorf("%d and %d, %v", a.Ino, b.Ino, err)
		}
		return nil
	},
	"what cannot be is refused with the right errno": func(dir string) error {
		file, sub := dir+"/a.md", dir+"/sub"
		for _, c := range []struct {
			path  string
			flags int
			want  error
		}{
			{file + "/x", unix.O_RDONLY, unix.ENOTDIR}, {file, unix.O_RDONLY | unix.O_DIRECTORY, unix.ENOTDIR}, {sub, unix.O_WRONLY, unix.EISDIR},
			{dir + "/none", unix.O_RDONLY, unix.ENOENT}, {sub + "/none/x", unix.O_RDONLY, unix.ENOENT}, {dir + "/" + strings.Repeat("n", 256), unix.O_RDONLY, unix.ENAMETOOLONG},
		} {
			if err := open(c.path, c.flags); err != c.want {
				return fmt.Errorf("open %.80s with %x: %v, want %v", c.path, c.flags, err, c.want)
			}
		}
		_, link := os.Readlink(file)
		_, list := os.ReadDir(file)
		if !errors.Is(link, unix.EINVAL) || !errors.Is(list, unix.ENOTDIR) {
			return errors.Join(link, list)
		}
		return withFile(sub, func(f *os.File, _ []byte) error {
			if _, err := unix.Read(fd(f), make([]byte, 1)); err != unix.EISDIR {
				return fmt.Errorf("read of a folder: %v", err)
			}
			return nil
		})
	},
	"O_PATH and O_NOFOLLOW open, and O_PATH does not read": func(dir string) error {
		f, err := unix.Open(dir+"/a.md", unix.O_PATH|unix.O_NOFOLLOW, 0)
		if err != nil {
			return err
		}
		defer unix.Close(f)
		if _, err := unix.Read(f, make([]byte, 1)); err != unix.EBADF {
			return fmt.Errorf("read: %v", err)
		}
		b, err := os.ReadFile(fmt.Sprintf("/proc/self/fd/%d", f))
		return errors.Join(err, same(b, sample(300_000)))
	},
	"an empty file is empty": func(dir string) error {
		b, err := os.ReadFile(dir + "/empty.md")
		return errors.Join(err, same(b, nil))
	},
	"a folder lists each name once, in pieces of any size": func(dir string) error {
		want := names500()
		for _, size := range []int{200, 4096, 1 << 16} {
			got, err := listWith(dir+"/sub", size, nil)
			if slices.Sort(got); err != nil || !slices.Equal(got, want) {
				return fmt.Errorf("with buffers of %d bytes: %d names, %v", size, len(got), err)
			}
		}
		return nil
	},
	"seekdir goes back to where telldir was": func(dir string) error {
		d, err := unix.Open(dir+"/sub", unix.O_RDONLY|unix.O_DIRECTORY, 0)
		if err != nil {
			return err
		}
		defer unix.Close(d)
		offsets := map[string]int64{}
		var order []string
		if _, err := listWith(dir+"/sub", 4096, func(name string, off int64) { offsets[name] = off; order = append(order, name) }); err != nil {
			return err
		}
		buf := make([]byte, 4096)
		for i := 0; i < len(order)-1; i += 37 {
			if _, err := unix.Seek(d, offsets[order[i]], unix.SEEK_SET); err != nil {
				return err
			}
			n, err := unix.Getdents(d, buf)
			if err != nil || n == 0 {
				return fmt.Errorf("after %s: %d bytes, %v", order[i], n, err)
			}
			if _, _, first := dirent(buf[:n]); first != order[i+1] {
				return fmt.Errorf("after %s comes %s, want %s", order[i], first, order[i+1])
			}
		}
		return nil
	},
	"many open and read at once": func(dir string) error {
		var all sync.WaitGroup
		errs, want := make([]error, 64), sample(300_000)
		for i := range errs {
			all.Go(func() {
				for range 5 {
					b, err := os.ReadFile(dir + "/a.md")
					errs[i] = errors.Join(errs[i], err, same(b, want))
				}
			})
		}
		all.Wait()
		return errors.Join(errs...)
	},
	"a lock on a file that is read": func(dir string) error {
		return withFile(dir, func(f *os.File, _ []byte) error {
			return errors.Join(unix.Flock(fd(f), unix.LOCK_SH|unix.LOCK_NB), unix.Flock(fd(f), unix.LOCK_UN),
				unix.FcntlFlock(f.Fd(), unix.F_SETLK, &unix.Flock_t{Type: unix.F_RDLCK}))
		})
	},
	"advice is taken": func(dir string) error {
		return withFile(dir, func(f *os.File, want []byte) error {
			for _, advice := range []int{unix.FADV_SEQUENTIAL, unix.FADV_RANDOM, unix.FADV_WILLNEED, unix.FADV_DONTNEED} {
				b := make([]byte, len(want))
				err := unix.Fadvise(fd(f), 0, 0, advice)
				_, readErr := f.ReadAt(b, 0)
				if err := errors.Join(err, readErr, same(b, want)); err != nil {
					return err
				}
			}
			return nil
		})
	},
}

// withFile runs check with a.md of dir, or with dir itself where it has none.
func withFile(dir string, check func(f *os.File, want []byte) error) error {
	f, err := os.Open(dir + "/a.md")
	if errors.Is(err, os.ErrNotExist) {
		f, err = os.Open(dir)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	return check(f, sample(300_000))
}

func same(got, want []byte) error {
	if bytes.Equal(got, want) {
		return nil
	}
	return fmt.Errorf("%d bytes, want %d (or others)", len(got), len(want))
}

func names500() (names []string) {
	for i := range 500 {
		names = append(names, fmt.Sprintf("%03d-%s.md", i, strings.Repeat("n", i%50)))
	}
	return names
}

// listWith lists a folder with a buffer of so many bytes. each may be nil; off is where what follows is.
func listWith(dir string, size int, each func(name string, off int64)) (names []string, err error) {
	d, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(d)
	for buf := make([]byte, size); ; {
		n, err := unix.Getdents(d, buf)
		if n == 0 || err != nil {
			return names, err
		}
		for rest := buf[:n]; len(rest) > 0; {
			length, off, name := dirent(rest)
			rest = rest[length:]
			if name == "." || name == ".." {
				continue
			}
			names = append(names, name)
			if each != nil {
				each(name, off)
			}
		}
	}
}

// dirent reads the first entry of what getdents64(2) gave: its inode, the offset of the next, its length, its type and its name.
func dirent(b []byte) (length int, off int64, name string) {
	length = int(binary.NativeEndian.Uint16(b[16:]))
	return length, int64(binary.NativeEndian.Uint64(b[8:])), unix.ByteSliceToString(b[19:length])
}

// posixHelper runs the checks in the folder args[0], and prints what fails.
func posixHelper(args []string) int {
	code := 0
	for _, name := range slices.Sorted(maps.Keys(posixChecks)) {
		if err := posixChecks[name](args[0]); err != nil {
			fmt.Printf("%s: %v\n", name, err)
			code = 1
		}
	}
	return code
}

// The same checks hold for a copy on disk, so they are none of our inventions.
func TestReadOnlyPOSIX(t *testing.T) {
	sub, copied := newDir("sub"), scratch(t)
	root := newDir("", newFile("a.md", sample(300_000)).onDisk(t), newFile("empty.md", nil), sub)
	for _, name := range names500() {
		sub.entries = append(sub.entries, newFile(name, []byte("text\n")))
	}
	mounted := mountTree(t, root, Options{Notified: true})
	output(t, "cp", "-r", mounted+"/.", copied)
	fresh := mountTree(t, root, Options{})
	for where, dir := range map[string]string{"disk": copied, "a mount that was read": mounted, "a new mount": fresh} {
		t.Run(where, func(t *testing.T) {
			if out, err := start(t, helper(t, "posix", dir))(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
