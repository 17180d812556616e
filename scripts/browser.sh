#!/bin/sh
# Makes sure that this machine has Chromium, in which tests open the pages that rbt writes. Says nothing and does nothing
# where one is there. Exits 1 with one sentence where it cannot be had.
set -eu

fail() {
	echo "$*" >&2
	exit 1
}

no_root() {
	fail "Chromium is missing, and installing it takes root: run \`$1\` as root"
}

. "$(dirname "$0")/root.sh"

for name in chromium chromium-browser google-chrome chrome; do
	has "$name" && exit 0
done
has apt-get || fail "Chromium is missing, and this script knows only Debian's packages: install it"
as_root apt-get update >/dev/null && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium >/dev/null ||
	fail "Chromium is missing, and could not be installed"
