//go:build linux

package mount

// program is a row of the matrix: what a program does with the tree at $M. Its output, and the files
// that it leaves in the folder $O, must be those that it gives for a plain copy of the tree. $T is for what it needs meanwhile.
type program struct {
	name   string // the first word is what must be installed, and what has no other
	script string
	// looks is set where the output holds sizes, which are estimates as long as nobody has needed them.
	looks bool
	// optional ones are left out where they are not installed, without a skip.
	optional bool
	// byRoot is set where only root gets all files: everybody else gets an error that says so.
	byRoot bool
}

// each runs a command for every file, with the file as $i and a place for a copy as $o; text leaves out none, since
// all files are text.
func each(command string) string {
	return `for f in $F; do i=$M/$f o=$O/$f; ` + command + ` || echo "exit $? for $f"; done`
}

// python runs a program for every file, with i and o as above.
func python(code string) string {
	return `$PYTHON -c '
import mmap, os, shutil, sys
M, O = sys.argv[1:3]
for f in sys.argv[3:]:
    i, o = M + "/" + f, O + "/" + f
` + code + `' $M $O $F`
}

func node(code string) string {
	return `node -e 'const fs = require("fs"); const [M, O, ...F] = process.argv.slice(1);
for (const f of F) { const i = M + "/" + f, o = O + "/" + f; ` + code + ` }' $M $O $F`
}

func goCopy(way string) program {
	return program{name: "Go " + way, script: `CODAFS_MOUNT_TEST_HELPER=copy $GO "` + way + `" $M $O`}
}

// An archive is made in $T: unpacked, it makes $O a folder that cannot be written any more.
const untar = ` && tar -C $O -xf $T/t.tar`

// gitAt runs git with its own files in $O, which are removed in the end.
const gitAt = `G() { git -c safe.directory='*' -c user.name=a -c user.email=a@b --git-dir=$O/g --work-tree=$M "$@"; }; G init -q && `

var programs = []program{
	{name: "cat", script: each(`cat $i >$o`)},
	{name: "cat <f", script: each(`cat <$i >$o`)},
	{name: "cp", script: each(`cp $i $o`)},
	{name: "cp -a", script: `cp -a $M/. $O/`},
	{name: "cp --reflink=auto", script: each(`cp --reflink=auto $i $o`)},
	{name: "cp --sparse=always", script: each(`cp --sparse=always $i $o`)},
	{name: "install", script: each(`install -m644 $i $o`)},
	{name: "dd", script: each(`dd bs=64k status=none if=$i of=$o`)},
	{name: "dd iflag=direct", script: each(`dd bs=64k iflag=direct status=none if=$i of=$o`)},
	{name: "head -c", script: each(`head -c 100000 $i`)},
	{name: "head -n", script: each(`head -n 3 $i`)},
	{name: "tail -c", script: each(`tail -c 1000 $i`)},
	{name: "tail -c +N", script: each(`tail -c +10 $i`)},
	{name: "tail -n", script: each(`tail -n 5 $i`)},
	{name: "tac", script: each(`tac $i`)},
	{name: "nl", script: each(`nl $i`)},
	{name: "wc -c", script: each(`{ wc -c $i; wc -c <$i; }`)},
	{name: "wc -l", script: each(`wc -l <$i`)},
	{name: "split -n", script: each(`split -n 3 $i $o.`)},
	{name: "od", script: each(`od -c $i | tail -n 3`)},
	{name: "base64", script: each(`base64 $i`)},
	{name: "sort", script: each(`sort $i`)},
	{name: "cut", script: each(`cut -c 1-7 $i`)},
	{name: "paste", script: `cd $M; paste $F`},
	{name: "iconv", script: each(`iconv -f UTF-8 -t UTF-16 $i >$o`)},
	{name: "grep -r", script: `cd $M; grep -r 7 . | sort`},
	{name: "grep -c", script: each(`grep -c 7 $i | cat`)},
	{name: "rg", script: `cd $M; rg --no-ignore 7 . | sort`},
	{name: "rg --mmap", script: `cd $M; rg --no-ignore --mmap 7 . | sort`},
	{name: "sed", script: each(`sed -n p $i`)},
	{name: "awk", script: each(`awk 1 $i`)},
	{name: "perl", script: each(`perl -0777 -ne 'print length' $i`)},
	{name: "perl -s", script: each(`perl -e 'open F, $ARGV[0]; read F, $b, -s $ARGV[0]; print $b' $i`)},
	{name: "find -exec", script: `cd $M; find . -type f -exec sha256sum {} + | sort`},
	{name: "find -empty", script: `cd $M; find . -empty -type f`, looks: true},
	{name: "ls -l", script: `cd $M; ls -l --time-style=+%s $F`, looks: true},
	{name: "du", script: `cd $M; du -b $F`, looks: true},
	{name: "stat", script: `cd $M; stat -c '%n %s %Y' $F`},
	{name: "file", script: `cd $M; file $F`},
	{name: "cmp", script: each(`cmp $i $P/$f`)},
	{name: "diff -r", script: `diff -r $P $M`},
	{name: "sha256sum", script: `cd $M; sha256sum $F`},
	{name: "md5sum", script: `cd $M; md5sum $F`},
	{name: "tar", script: `tar -C $M -cf $T/t.tar .` + untar},
	{name: "tar -S", script: `tar -C $M -S -cf $T/t.tar .` + untar},
	{name: "tar --hard-dereference", script: `tar -C $M --hard-dereference -cf $T/t.tar .` + untar},
	{name: "tar --create --gzip", script: `tar -C $M -czf $T/t.tar .` + untar},
	{name: "bsdtar", script: `bsdtar -C $M -cf $T/t.tar .` + untar},
	{name: "busybox tar", script: `busybox tar -C $M -cf $T/t.tar .` + untar},
	{name: "busybox sh -c tar", script: `busybox sh -c 'tar -C $M -cf $T/t.tar .'` + untar},
	{name: "busybox cat", script: each(`busybox cat $i >$o`)},
	{name: "busybox cat <f", script: each(`busybox cat <$i >$o`)},
	{name: "busybox cp", script: each(`busybox cp $i $o`)},
	{name: "cpio", script: `(cd $M; find . | cpio -o -H newc --quiet) >$T/t.cpio; cpio -idm --quiet <$T/t.cpio`, byRoot: true},
	{name: "cpio of find -depth", script: `(cd $M; find . -depth | cpio -o -H newc --quiet) >$T/t.cpio; cpio -idm --quiet <$T/t.cpio`},
	{name: "zip", script: `(cd $M; zip -qr $O/t.zip .); unzip -q t.zip; rm t.zip`},
	{name: "gzip", script: each(`gzip -c $i | gzip -d >$o`)},
	{name: "zstd", script: each(`zstd -q $i -o $o.zst && zstd -q -d --rm $o.zst`)},
	{name: "xz", script: each(`xz -0 -c $i | xz -d >$o`)},
	{name: "rsync -a", script: `rsync -a $M/ $O/`},
	{name: "rsync -aW", script: `rsync -aW $M/ $O/`},
	{name: "rsync --checksum", script: `rsync -a --checksum $M/ $O/`},
	{name: "rsync twice", script: `rsync -a $M/ $O/; rsync -a --stats $M/ $O/ | grep 'files transferred'`},
	{name: "rclone copy", script: `rclone copy -q $M $O`},
	{name: "rclone check", script: `rclone check -q $M $P`},
	{name: "git add", script: gitAt + `G add -A && G commit -qm x; G ls-tree -r HEAD; G fsck 2>&1; G archive HEAD | tar -x; rm -rf g`},
	{name: "git status", script: gitAt + `G add -A; G commit -qm x; G status --short; G diff --stat; rm -rf g`},
	{name: "git hash-object", script: each(`git hash-object $i`)},
	{name: "git grep", script: `cd $M; git -c safe.directory='*' grep --no-index -c 7 | sort`},
	{name: "git diff", script: each(`git diff --no-index $P/$f $i`)},
	{name: "python read", script: python(`    open(o, "wb").write(open(i, "rb").read())`)},
	{name: "python mmap", script: python(`
    fd = os.open(i, os.O_RDONLY)
    n = os.fstat(fd).st_size
    open(o, "wb").write(mmap.mmap(fd, 0, prot=mmap.PROT_READ) if n else b"")`)},
	{name: "python stat, mmap", script: python(`
    n = os.stat(i).st_size
    open(o, "wb").write(mmap.mmap(os.open(i, os.O_RDONLY), n, prot=mmap.PROT_READ) if n else b"")`)},
	{name: "python stat, read", script: python(`
    n = os.stat(i).st_size
    open(o, "wb").write(os.read(os.open(i, os.O_RDONLY), n))`)},
	{name: "python lseek", script: python(`    print(os.lseek(os.open(i, os.O_RDONLY), 0, os.SEEK_END))`)},
	{name: "python copyfile", script: python(`    shutil.copyfile(i, o)`)},
	{name: "python copy2", script: python(`    shutil.copy2(i, o)`)},
	{name: "python tarfile", script: `$PYTHON -c 'import sys, tarfile
with tarfile.open(sys.argv[1], "w") as t: t.add(sys.argv[2], ".")' $T/t.tar $M` + untar},
	{name: "python zipfile", script: `$PYTHON -c 'import shutil, sys; shutil.make_archive("t", "zip", sys.argv[1])' $M; unzip -q t.zip; rm t.zip`},
	{name: "node readFileSync", script: node(`fs.writeFileSync(o, fs.readFileSync(i))`)},
	{name: "node streams", script: node(`fs.createReadStream(i).pipe(fs.createWriteStream(o))`)},
	{name: "node copyFileSync", script: node(`fs.copyFileSync(i, o)`)},
	{name: "java", script: `java $JAVA $M $O $F`, optional: true},
	{name: "sqlite3 .import", script: `sqlite3 :memory: '.mode csv' ".import $M/data.csv t" 'select count(*), sum(length(b)) from t'`},
	{name: "jq", script: `jq length $M/data.json`},
	{name: "curl file://", script: each(`curl -s file://$i >$o`)},
	{name: "vim", script: each(`vim -es -u NONE -i NONE -n -c "w! $o" -c q! $i || true`)},
	{name: "less", script: each(`less $i | cat`)},
	{name: "less on a terminal", script: each(`script -qec "less -E +G $i" /dev/null </dev/null | grep -ac line | cat`)},
	{name: "bash $(<f)", script: each(`{ x=$(<$i); echo ${#x}; }`)},
	{name: "bash read", script: each(`while IFS= read -r line; do echo "$line"; done <<<"$(head -c 5000 $i)"`)},
	{name: "bash mapfile", script: each(`{ mapfile x <$i; echo ${#x[@]} "${x[-1]-}"; }`)},
	{name: "bash source", script: `. $M/sub/script.sh`},
	goCopy("readfile"), goCopy("io.Copy"), goCopy("io.Copy to pipe"), goCopy("sendfile"), goCopy("copy_file_range"),
	goCopy("mmap"), goCopy("stat, then read"), goCopy("http.FileServer"),
}
