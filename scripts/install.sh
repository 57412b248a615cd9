# Sourced by the need-*.sh scripts.
#
# install PACKAGE… WHY installs Debian packages when that can be done without asking
# anybody, and otherwise says what is missing and fails.
install() {
	why=${!#}
	packages=("${@:1:$#-1}")
	if [ "$(id -u)" -eq 0 ] && [ -f /etc/debian_version ] && command -v apt-get >/dev/null; then
		echo "installing ${packages[*]} ($why) …" >&2
		export DEBIAN_FRONTEND=noninteractive
		apt-get update -q >/dev/null
		apt-get install -q -y --no-install-recommends "${packages[@]}" >/dev/null
		return
	fi
	echo "$why: install ${packages[*]} (Debian's names), or run as root on Debian" >&2
	return 1
}
