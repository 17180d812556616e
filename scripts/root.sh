# What scripts share that install something. They say in no_root, which gets the command, what becomes of it where
# nobody may be root.

has() {
	command -v "$1" >/dev/null 2>&1
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif has sudo && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
		sudo "$@"
	else
		no_root "$*"
	fi
}
