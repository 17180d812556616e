#!/bin/sh
# Makes sure that this machine has PostgreSQL's server programs. Says nothing and does nothing if it has. Else installs
# them with the system's package manager; nothing is started and no database is made. Exits 1 with one sentence if that
# cannot be done.
#
# Looks where internal/pgcluster.Find looks; a test there holds the two lists equal.
set -eu

fail() {
	echo "$*" >&2
	exit 1
}

holds_server() {
	for program in initdb postgres pg_ctl; do
		[ -f "$1/$program" ] && [ -x "$1/$program" ] || return 1
	done
}

on_path() {
	program=$(command -v postgres) || return 1
	holds_server "$(dirname "$(readlink -f "$program" 2>/dev/null || echo "$program")")" ||
		holds_server "$(dirname "$program")"
}

installed() {
	for dir in \
		/usr/lib/postgresql/*/bin \
		/usr/pgsql-*/bin \
		/usr/lib/postgresql*/bin \
		/usr/libexec/postgresql* \
		/opt/homebrew/opt/postgresql@*/bin \
		/usr/local/opt/postgresql@*/bin \
		/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin \
		/opt/local/lib/postgresql*/bin \
		/Applications/Postgres.app/Contents/Versions/[0-9]*/bin \
		/usr/local/pgsql/bin; do
		holds_server "$dir" && return 0
	done
	return 1
}

no_root() {
	fail "no PostgreSQL server found, and installing it takes root: run \`$1\` as root, or set RBT_PG_BIN to the folder that holds initdb, postgres and pg_ctl"
}

. "$(dirname "$0")/root.sh"

# Debian's packages make a cluster and start it, which nobody asked for here. A drop-in says no while they are
# installed, and is gone afterwards, so that the system's own choice for later stays as it was.
install_with_apt() {
	dropin=/etc/postgresql-common/createcluster.d/zz-rbt.conf
	as_root apt-get update || return
	as_root mkdir -p "$(dirname "$dropin")" || return
	echo "create_main_cluster = false" | as_root tee "$dropin" >/dev/null || return
	status=0
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql || status=$?
	as_root rm -f "$dropin"
	return "$status"
}

install_server() {
	if has apt-get; then
		install_with_apt
	elif has dnf; then
		as_root dnf -y install postgresql-server
	elif has yum; then
		as_root yum -y install postgresql-server
	elif has apk; then
		as_root apk add postgresql
	elif has pacman; then
		as_root pacman -S --needed --noconfirm postgresql
	elif has zypper; then
		as_root zypper --non-interactive install postgresql-server
	elif has brew; then
		brew install postgresql@17
	else
		fail "no PostgreSQL server found, and no package manager that this script knows: install PostgreSQL 14 or newer, or set RBT_PG_BIN to the folder that holds initdb, postgres and pg_ctl"
	fi
}

if [ -n "${RBT_PG_BIN:-}" ]; then
	holds_server "$RBT_PG_BIN" || fail "RBT_PG_BIN=$RBT_PG_BIN does not hold initdb, postgres and pg_ctl"
	exit 0
fi
if on_path || installed; then
	exit 0
fi
echo "no PostgreSQL server found: installing it" >&2
install_server >&2 || fail "installing PostgreSQL failed: see above, or set RBT_PG_BIN to the folder that holds initdb, postgres and pg_ctl"
on_path || installed || fail "PostgreSQL was installed, but not where rbt looks: set RBT_PG_BIN to the folder that holds initdb, postgres and pg_ctl"
