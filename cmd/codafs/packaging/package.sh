#!/usr/bin/env bash
# Builds what a release consists of into dist/: archives, .deb, .rpm and SHA256SUMS. The same commit and
# version of Go give the same bytes, on any machine. Called by 'make package' and 'make deb', which set VERSION. PLATFORMS
# and FORMATS choose some, such as linux/amd64 and deb.
set -euo pipefail
cd "$(dirname "$0")/../../.."

nfpm=github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2
licenses=github.com/google/go-licenses@v1.6.0
formats=${FORMATS:-archive deb rpm}
platforms=${PLATFORMS:-linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64}

dist=$PWD/dist
rm -rf "$dist"
mkdir -p "$dist/build/tools"
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH VERSION GOFLAGS=-buildvcs=auto TZ=UTC
umask 022

GOBIN=$dist/build/tools ${GO:-go} install "$nfpm"
GOBIN=$dist/build/tools ${GO:-go} install "$licenses"

# compile OS ARCH FOLDER
compile() {
	local exe=codafs
	[ "$1" != windows ] || exe=codafs.exe
	CGO_ENABLED=0 GOOS=$1 GOARCH=$2 ${GO:-go} build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o "$3/$exe" ./cmd/codafs
}

# notices OS FOLDER: the licences of all that is linked, and the source of what is under the MPL.
# It fails for a module without a licence, and for one whose licence it doesn't know.
notices() {
	GOOS=$1 CGO_ENABLED=0 "$dist/build/tools/go-licenses" save ./cmd/codafs --ignore github.com/codafs/codafs \
		--save_path "$2" --logtostderr=false --stderrthreshold=ERROR
	mkdir "$2/go"
	cp "$(${GO:-go} env GOROOT)/LICENSE" "$2/go/LICENSE"
	find "$2" -name '.*' -prune -exec rm -r {} +
	chmod -R u=rwX,go=rX "$2"
}

# stamp FOLDER: one time for all files.
stamp() { find "$1" -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +; }

# archive OS ARCH: what people unpack by hand, and what packages are made of.
archive() {
	local name=codafs_${VERSION}_$1_$2
	local dir=$dist/build/$name
	mkdir "$dir"
	compile "$1" "$2" "$dir"
	cp -r cmd/codafs/packaging/examples "$dir"
	make --no-print-directory install-docs DOCDIR="$dir"
	mkdir "$dir/completions"
	for shell in bash zsh fish powershell; do "$host" completion $shell >"$dir/completions/codafs.$shell"; done
	notices "$1" "$dir/licenses"
	case $1 in
	linux) cp -r cmd/codafs/packaging/systemd "$dir" ;;
	darwin) cp -r cmd/codafs/packaging/launchd "$dir" ;;
	esac
	[ "$1" = windows ] || "$host" man "$dir/man"
	stamp "$dir"
	case " $formats " in *" archive "*) ;; *) return ;; esac
	if [ "$1" = windows ]; then
		(cd "$dist/build" && find "$name" | LC_ALL=C sort | zip -q -X -@ "$dist/$name.zip")
	else
		tar -C "$dist/build" --sort=name --format=ustar --owner=0 --group=0 --numeric-owner -c "$name" | gzip -9n >"$dist/$name.tar.gz"
	fi
}

# package ARCH FORMAT MAKE-ARG...: what 'make install' installs, as a .deb or an .rpm.
package() {
	local arch=$1 format=$2 built=$dist/build/codafs_${VERSION}_linux_$1
	shift 2
	export ARCH=$arch ROOT=$dist/build/root_${arch}_$format
	make --no-print-directory install DESTDIR="$ROOT" PREFIX=/usr \
		BINARY="$built/codafs" CODAFS="$host" "$@" >/dev/null
	local doc=$ROOT/usr/share/doc/codafs
	cp -r "$built/licenses" "$doc"
	gzip -9n "$ROOT"/usr/share/man/man*/*
	cp "$doc/LICENSE" "$doc/copyright" # where Debian looks for it
	stamp "$ROOT"
	"$dist/build/tools/nfpm" package --config cmd/codafs/packaging/nfpm.yaml --packager "$format" --target "$dist"
}

host=$dist/build/host/codafs
compile "$(${GO:-go} env GOHOSTOS)" "$(${GO:-go} env GOHOSTARCH)" "$dist/build/host"
for platform in $platforms; do
	archive "${platform%/*}" "${platform#*/}"
done
for platform in $platforms; do
	for format in $formats; do
		case $platform:$format in
		linux/*:deb) package "${platform#*/}" deb ZSHDIR=/usr/share/zsh/vendor-completions ;;
		linux/*:rpm) package "${platform#*/}" rpm ;;
		esac
	done
done
rm -rf "$dist/build"
(cd "$dist" && sha256sum -- * >SHA256SUMS && cat SHA256SUMS)
