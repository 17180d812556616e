#!/bin/sh
# Builds what is handed out, into dist/: an archive for each system with a static binary, man pages and completions, and
# the checksums of all. The same source makes the same archives.
set -eu
umask 022 # what an archive says of rights is not the builder's

version=${1:?usage: scripts/dist.sh VERSION}
rm -rf dist
mkdir -p dist/manual
go run ./cmd/rbt manual dist/manual

for target in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64; do
	name=rbt-$version-${target%/*}-${target#*/}
	mkdir -p "dist/$name"
	CGO_ENABLED=0 GOOS=${target%/*} GOARCH=${target#*/} go build -trimpath -ldflags "-s -w -X main.version=$version" -o "dist/$name/rbt" ./cmd/rbt
	cp -R LICENSE NOTICE README.md CHANGELOG.md dist/manual/man dist/manual/completions "dist/$name/"
	tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C dist -cf - "$name" | gzip -n >"dist/$name.tar.gz"
	rm -rf "dist/$name"
done
rm -rf dist/manual
(cd dist && sha256sum ./*.tar.gz | sed 's| \./| |' >SHA256SUMS)
cat dist/SHA256SUMS
