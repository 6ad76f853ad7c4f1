#!/usr/bin/env bash
# Tries what 'make package' made, as a new user would: installs the .deb of this machine, runs the demo with it,
# takes it away again; reads the .rpm; checks the sums. As root, in a copy of this machine's files that is gone at the end.
set -euo pipefail
cd "$(dirname "$0")/../../.."

if [ "${1-}" != inside ]; then
	[ "$(id -u)" = 0 ] || { echo "this mounts and installs: run it as root" >&2; exit 1; }
	exec unshare --mount --pid --fork --kill-child "$PWD/cmd/codafs/packaging/try.sh" inside
fi

dist=$PWD/dist
arch=$(dpkg --print-architecture)
version=$(basename "$dist"/codafs_*_linux_"$arch".tar.gz "_linux_$arch.tar.gz")
version=${version#codafs_}
say() { echo "packages: $*"; }

(cd "$dist" && sha256sum --quiet -c SHA256SUMS)
say "the sums hold"

top=$(mktemp -d)
trap 'umount -lR "$top" && rmdir "$top"' EXIT
mount -t tmpfs tmpfs "$top"
mkdir "$top/upper" "$top/work" "$top/root"
mount -t overlay -o "lowerdir=/,upperdir=$top/upper,workdir=$top/work" overlay "$top/root"
mount --rbind /dev "$top/root/dev"
mount -t proc proc "$top/root/proc"
mount -t tmpfs tmpfs "$top/root/tmp"
cp "$dist"/codafs_*_"$arch".deb "$top/root/tmp/codafs.deb"
chrooted() { chroot "$top/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp/home XDG_RUNTIME_DIR=/tmp/run "$@"; }

mkdir "$top/root/tmp/home" "$top/root/tmp/run"
chrooted dpkg -i /tmp/codafs.deb >/dev/null
chrooted codafs version | grep -F "codafs $version ($(git rev-parse HEAD | cut -c-12) of "
chrooted systemd-analyze --user --man=yes verify /usr/share/systemd/user/codafs-mount.service /usr/share/systemd/user/codafs-snapshot.service \
	/usr/share/systemd/user/codafs-snapshot.timer
say "the .deb is installed: its units verify, with their manual pages"
for page in 'codafs(1)' 'codafs-mount(1)' 'codafs-snapshot(1)' 'mount.codafs(8)'; do chrooted man --where "$page"; done
chrooted bash -c '. /usr/share/bash-completion/completions/codafs && complete -p codafs'

chrooted mkdir -p /tmp/home/mnt
chrooted codafs mount --demo --background /tmp/home/mnt
chrooted ls /tmp/home/mnt/docs
chrooted codafs unmount /tmp/home/mnt
chrooted codafs snapshot --demo --output /tmp/home/backups
chrooted codafs verify /tmp/home/backups
say "mount --demo, snapshot --demo and verify work"
chrooted mount -t codafs codafs /tmp/home/mnt -o demo,ro,_netdev
chrooted ls /tmp/home/mnt/docs >/dev/null
chrooted umount /tmp/home/mnt
say "mount -t codafs works"

licenses=$top/root/usr/share/doc/codafs/licenses
go version -m "$top/root/usr/bin/codafs" | awk '$1 == "dep" { print $2 }' | while read -r module; do
	[ -n "$(find "$licenses/$module" -iname 'license*' -print -quit)" ] || { echo "no licence of $module" >&2; exit 1; }
done
say "there is a licence for each module that is linked"
chrooted dpkg -r codafs >/dev/null
left=$(find "$top/upper" \( -path "$top/upper/var/lib/dpkg" -o -path "$top/upper/var/cache/man" \) -prune -o -iname '*codafs*' -type f -print)
[ -z "$left" ] || { echo "left behind: $left" >&2; exit 1; }
say "nothing is left of it after dpkg -r"

lintian --allow-root --fail-on error,warning --suppress-tags statically-linked-binary,no-changelog "$dist"/codafs_*_"$arch".deb
for rpm in "$dist"/*.rpm; do
	files=$(rpm -qpl "$rpm")
	for file in /usr/bin/codafs /usr/sbin/mount.codafs /usr/share/man/man1/codafs.1.gz /usr/share/man/man8/mount.codafs.8.gz \
		/usr/share/systemd/user/codafs-snapshot.timer /usr/share/zsh/site-functions/_codafs /usr/share/doc/codafs/licenses/go/LICENSE; do
		grep -qxF "$file" <<<"$files" || { echo "$rpm lacks $file" >&2; exit 1; }
	done
done
say "lintian and rpm are content"
