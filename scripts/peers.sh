#!/bin/sh
# Installs the programs that the benchmark compares rbt with, where the system's package manager has them. What cannot
# be installed is named by the benchmark as missing, so this never fails.
set -eu

no_root() {
	echo "not installed, since that takes root: $1" >&2
	return 1
}

. "$(dirname "$0")/root.sh"

missing=
for program in pgcopydb pgloader; do
	has "$program" || missing="$missing $program"
done
[ -n "$missing" ] || exit 0

if has apt-get; then
	as_root apt-get update >&2 || true
	for program in $missing; do
		as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$program" >&2 || true
	done
else
	echo "no package manager that this script knows: install$missing yourself to have the benchmark measure them" >&2
fi
