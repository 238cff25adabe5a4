#!/usr/bin/env bash
# Opens reports and viewers in a headless Chromium and uses them: no errors, nothing asked of the
# network, every chart drawn in both themes, sorting, filter, cursor, and a play head that shows
# the same frame in every tile.
#   scripts/test_report.sh PAGE…                 report.html and viewer.html of finished runs
#   scripts/test_report.sh --make PROGRAM        of a small run that PROGRAM makes for it
# Exits with 77 where no Chromium is installed (scripts/install_packages.sh --browser).
. "$(dirname "$0")/common.sh"

[ "$#" -gt 0 ] || die "name at least one report.html or viewer.html."
browser=""
for name in chromium-headless-shell chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null 2>&1; then browser="$name" && break; fi
done
if [ -z "$browser" ] || ! command -v node >/dev/null 2>&1; then
  say "SKIPPED: no Chromium or no Node is installed; scripts/install_packages.sh --browser installs them."
  exit 77
fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
pages=("$@")
if [ "$1" = --make ]; then
  [ "$#" -eq 2 ] || die "name the program that makes the run, and nothing else."
  "$2" run "$project_dir/scripts/test_report/run.json" --out "$work/run" --workers 1 2>"$work/run.log" ||
    { cat "$work/run.log" >&2; die "the run cannot be made."; }
  "$2" report "$work/run" --viewer
  pages=("$work/run/report.html" "$work/run/viewer.html")
fi
node "$project_dir/scripts/test_report/main.js" "$(command -v "$browser")" "$work/profile" "${pages[@]}"
