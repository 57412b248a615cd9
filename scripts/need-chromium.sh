#!/usr/bin/env bash
# The dashboard is tested in a real browser.
set -euo pipefail
. "$(dirname "$0")/install.sh"

installed() {
	for name in chromium chromium-browser google-chrome google-chrome-stable; do
		command -v "$name" >/dev/null && return
	done
	[ -x '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome' ]
}

installed || install chromium "tests need Chromium"
