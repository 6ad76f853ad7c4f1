# make check is all that must hold before a change lands; it is what CI runs.
# Needed: Go and git. For the tests of mounts also FUSE (fuse3) and the tools that the tests
# start (rsync, busybox, ...); tests that miss one are skipped, and named at the end.

GO ?= go
# Of one version for all, and outside go.mod: what only checks the code is no dependency of it.
STATICCHECK = $(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2
ACTIONLINT = $(GO) run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
SCRIPTS = .ci/install .ci/run .ci/check $(wildcard $(PACKAGING)/*.sh)
PACKAGING = cmd/codafs/packaging
# It runs go test, and says at the end which tests were skipped, and why.
GOTESTSUM = $(GO) run gotest.tools/gotestsum@v1.13.0 --format pkgname
# Passed to every go test.
TESTFLAGS ?=
# TESTLOG=FILE writes what each test did to FILE-all.json and FILE-blind.json.
TESTLOG ?=
# Each part of codafs is used by many goroutines. The race detector wants a C compiler; without one
# the tests run without it.
RACE ?= $(shell command -v cc >/dev/null 2>&1 && echo -race)

# How many packages are tested at the same time: one more than there are processors, and those first that wait most.
PACKAGES ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

# A program with the race detector sleeps a second before it ends, by default.
export GORACE ?= atexit_sleep_ms=0

# Before what runs beside the tests: those go first.
GENTLY = nice -n 10

.PHONY: check build test lint cross vet-others thirdparty fuzz soak soak-rates soak-cache soak-tree soak-tools soak-mount soak-snapshot soak-scale bench install install-docs package deb clean

# The tests wait much, so that the rest is done beside them. If that fails, its error stands in the middle of what the tests say.
check:
	$(MAKE) --no-print-directory -j 2 test lint cross

build:
	$(GO) build -o codafs ./cmd/codafs

test:
	$(GOTESTSUM) $(if $(TESTLOG),--jsonfile $(TESTLOG)-all.json) -- $(RACE) -vet=off -p $(PACKAGES) -timeout 20m $(TESTFLAGS) ./cmd/codafs ./fs/mount ./fs/source/codadocs ./snapshot ./...
	$(GOTESTSUM) $(if $(TESTLOG),--jsonfile $(TESTLOG)-blind.json) -- -vet=off -timeout 20m $(TESTFLAGS) ./fs/mount -skip TestPrograms -args -blind

lint:
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt wants: $$unformatted"; exit 1; }
	$(GO) mod tidy -diff
	$(GENTLY) $(GO) vet ./...
	$(GENTLY) $(STATICCHECK) ./...
	$(GENTLY) $(ACTIONLINT)
	@if command -v shellcheck >/dev/null; then shellcheck $(SCRIPTS); else echo "shellcheck is missing: scripts are not checked"; fi

# What users of other systems run must at least compile there, tests too; make package links it.
cross:
	$(GENTLY) $(GO) test -vet=off -run '^TestTheSourcesFitOtherSystems$$' ./cmd/codafs

# More than cross sees, and it takes as long as all tests: each system's standard library is compiled.
vet-others:
	GOOS=darwin GOARCH=arm64 $(GO) vet ./...
	GOOS=windows GOARCH=amd64 $(GO) vet ./...

# Other people's programs, which the tests in coda/thirdparty run (needs npm).
thirdparty:
	npm ci --prefix coda/thirdparty/testdata --no-audit --no-fund

# Each fuzz target for FUZZTIME. What they once found is a seed, which every make test runs.
FUZZTIME ?= 60s
fuzz:
	@for p in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
			echo "$$p $$f"; \
			$(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x $$p || exit 1; \
		done; \
	done

# The full counts of what make check runs samples of, in parts that can be called alone.
SOAK = CODAFS_SOAK=1 $(GO) test $(RACE) -p 1 -timeout 40m -v $(TESTFLAGS)
# Simulations, of which the race detector sees as much in make check: without it they take a fifth of the time.
SIMULATE = CODAFS_SOAK=1 $(GO) test -p 1 -timeout 40m -v $(TESTFLAGS)
soak: soak-rates soak-cache soak-tree soak-tools soak-mount soak-snapshot soak-scale
soak-rates: # the limits, over a million requests
	$(SIMULATE) ./coda/...
soak-cache: # kills, damage, full disks
	$(SOAK) ./cache
soak-tree: # a simulated day of edits, lagging reads and outages; names; row deltas
	$(SIMULATE) ./fs ./fs/remote/... ./fs/source/... ./fs/treetest
soak-tools: # 100 programs in every state, racing readers
	$(SOAK) ./fs/mount
soak-mount: # 50 readers, an editor, outages, evictions, mounts that come and go; each fault of each request
	$(SOAK) ./cmd/codafs
soak-snapshot: # a thousand kills, a thousand fortnights
	$(SIMULATE) ./snapshot
# Docs of 100 pages and 2 tables. 10,000 take hours, and 40 GB where TMPDIR is.
SCALE ?= 10000
soak-scale: # a million pages: memory and processor time of a mount, of snapshots, and of all that reads them
	CODAFS_SOAK=1 CODAFS_SCALE=$(SCALE) $(GO) test -run '^$$' -bench Scale -benchtime 1x -timeout 8h -v $(TESTFLAGS) ./cmd/codafs -args -bench-json "$(CURDIR)/bench.json"

# How fast, how much memory, how many requests: a table, and bench.json beside it. It takes a quarter of an hour,
# more on a machine that is busy; cmd/codafs/bench.md explains how to read it.
bench:
	$(GO) test -run '^TestFigures$$' -bench . -benchtime 1x -timeout 60m ./cmd/codafs -args -bench-json "$(CURDIR)/bench.json"

# On Linux: 'make build && sudo make install' installs for all users of this machine.
# 'make build && make install PREFIX="$HOME/.local" SBINDIR=' for oneself alone, without mount.codafs.
PREFIX ?= /usr/local
DESTDIR ?=
# For mount.codafs; mount(8) looks in /sbin, which is this folder on nearly all systems.
SBINDIR ?= /usr/sbin
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
# The program to install, and the one that writes manual pages: not the same where that is for another machine.
BINARY ?= codafs
CODAFS ?= ./$(BINARY)
install: SHARE = $(DESTDIR)$(PREFIX)/share
install:
	@test -x $(BINARY) || { echo "there is no $(BINARY): run 'make build' first"; exit 1; }
	install -D -m 755 $(BINARY) $(DESTDIR)$(PREFIX)/bin/codafs
	test -z "$(SBINDIR)" || { install -d $(DESTDIR)$(SBINDIR) && ln -srf $(DESTDIR)$(PREFIX)/bin/codafs $(DESTDIR)$(SBINDIR)/mount.codafs; }
	$(CODAFS) man $(SHARE)/man/man1
	install -D -m 644 -t $(SHARE)/man/man8 $(PACKAGING)/man/mount.codafs.8
	install -d $(SHARE)/bash-completion/completions $(DESTDIR)$(ZSHDIR) $(SHARE)/fish/vendor_completions.d
	$(CODAFS) completion bash >$(SHARE)/bash-completion/completions/codafs
	$(CODAFS) completion zsh >$(DESTDIR)$(ZSHDIR)/_codafs
	$(CODAFS) completion fish >$(SHARE)/fish/vendor_completions.d/codafs.fish
	install -D -m 644 -t $(SHARE)/systemd/user $(PACKAGING)/systemd/*
	sed -i 's|/usr/bin/codafs|$(PREFIX)/bin/codafs|' $(SHARE)/systemd/user/codafs-*.service
	install -D -m 644 -t $(SHARE)/doc/codafs/examples $(PACKAGING)/examples/*
	$(MAKE) --no-print-directory install-docs DOCDIR=$(SHARE)/doc/codafs
	sed -i 's|/usr/bin/codafs|$(PREFIX)/bin/codafs|' $(addprefix $(SHARE)/doc/codafs/,examples/crontab $(PACKAGING)/examples/crontab)

# README and all that it links to, at the same places, so that the links lead there.
DOCS = README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md LICENSE .github/mount.svg cache/README.md fs/README.md fs/mount/TOOLS.md \
	snapshot/README.md cmd/codafs/REFERENCE.md cmd/codafs/bench.md \
	$(addprefix $(PACKAGING)/,README.md examples/crontab examples/fstab launchd/* man/mount.codafs.8)
install-docs:
	@for f in $(DOCS); do install -D -m 644 $$f $(DOCDIR)/$$f || exit 1; done

# What a release consists of, for all systems, in dist/. A tag's version, or that of the source.
VERSION ?= $(or $(patsubst v%,%,$(shell git describe --tags --match 'v[0-9]*' 2>/dev/null)),$(shell sed -n 's/^var version = "\(.*\)"/\1/p' cmd/codafs/version.go))
package:
	GO='$(GO)' VERSION='$(VERSION)' $(PACKAGING)/package.sh

# A .deb for this machine alone.
deb:
	GO='$(GO)' VERSION='$(VERSION)' PLATFORMS=linux/$(shell $(GO) env GOHOSTARCH) FORMATS=deb $(PACKAGING)/package.sh

clean:
	$(GO) clean ./...
	rm -rf codafs dist bench.json
