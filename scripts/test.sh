#!/usr/bin/env bash
# From a fresh Debian 12 machine to a tested build: installs packages (and a headless Chromium, for
# the test of the report's pages), fetches assets, builds, imports the networks and runs all tests.
# Arguments go to ctest, e.g. scripts/test.sh -R stats.
. "$(dirname "$0")/common.sh"

"$project_dir/scripts/install_packages.sh"
"$project_dir/scripts/install_packages.sh" --browser ||
  say "No headless Chromium can be installed; the test of the report's pages will be skipped."
"$project_dir/scripts/fetch_assets.sh"
"$project_dir/scripts/build.sh" release
cd "$project_dir"
say "Testing"
ctest --preset release -j "$(nproc)" "$@"
