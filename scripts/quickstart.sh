#!/usr/bin/env bash
# From a fresh Debian 12 machine to a report: installs packages, fetches assets, builds, imports the
# networks and runs the default configuration. Run it again to go on or to see that nothing is left
# to do.
. "$(dirname "$0")/common.sh"
case "${1:-}" in
  "") ;;
  *) sed -n '2,4s/^# //p' "$0"; exit 2 ;;
esac

"$project_dir/scripts/install_packages.sh"
"$project_dir/scripts/fetch_assets.sh"
"$project_dir/scripts/build.sh" release maskbench
cd "$project_dir"
say "Running configs/quickstart.json"
status=0
build/release/maskbench run configs/quickstart.json --out runs/quickstart || status=$?
case "$status" in
  0) ;;
  3) say "Some cases failed; the report says which and why." ;;
  *) die "the run could not be finished." ;;
esac
say "Report: $project_dir/runs/quickstart/report.html"
