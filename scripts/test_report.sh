#!/usr/bin/env bash
# Opens reports in a headless Chromium and looks whether everything works: no console errors, nothing
# asked of the network, every chart drawn in both themes, sorting, filter, cursor and theme.
#   scripts/test_report.sh REPORT.html…
# Exits with 77 where no Chromium is installed (scripts/install_packages.sh --browser).
. "$(dirname "$0")/common.sh"

[ "$#" -gt 0 ] || die "name at least one report.html."
browser=""
for name in chromium-headless-shell chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null 2>&1; then browser="$name" && break; fi
done
if [ -z "$browser" ]; then
  say "SKIPPED: no Chromium is installed; scripts/install_packages.sh --browser installs one."
  exit 77
fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
for report in "$@"; do
  # The checks run inside a copy: a probe before every other script, the checks after the last one.
  awk -v probe="$project_dir/scripts/test_report/probe.js" \
    -v checks="$project_dir/scripts/test_report/checks.js" '
    function script(file, line) {
      print "<script>"
      while ((getline line <file) > 0) print line
      print "</script>"
    }
    /^<title>/ && !begun { begun = 1; script(probe) }
    /^<\/body>$/ { script(checks) }
    { print }' "$report" >"$work/page.html"
  "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=1280,900 \
    --user-data-dir="$work/profile" --virtual-time-budget=60000 --dump-dom "file://$work/page.html" \
    >"$work/dom.html" 2>"$work/browser.log" || { tail -n 20 "$work/browser.log" >&2; die "$browser ended badly."; }
  result="$(sed -n 's/.*<pre id="test-result">\(.*\)/\1/p' "$work/dom.html" | head -n 1)"
  sed -n '/<pre id="test-result">/,/<\/pre>/p' "$work/dom.html" | sed 's/<[^>]*>//g' | sed '/^$/d' | sed 's/^/  /'
  case "$result" in
    "ALL GOOD"*) say "$report works." ;;
    *) die "$report does not work in $browser." ;;
  esac
done
