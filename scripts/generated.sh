#!/bin/sh
# Fails if go generate changes anything: what is generated is checked in, and must fit what it is generated from.
# Compares with the files as they were, not with the last commit: work in progress is no mistake.
set -eu

sums() {
	find . -type f ! -path './.git/*' ! -path './bin/*' -exec cksum {} + | sort -k 3
}

before=$(mktemp)
trap 'rm -f "$before"' EXIT
sums >"$before"
go generate ./...
if ! sums | diff "$before" - >&2; then
	echo "generated files were out of date: they are written anew, commit them" >&2
	exit 1
fi
