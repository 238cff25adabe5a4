#!/usr/bin/env bash
# Configures and builds a preset (release unless named), then imports the networks.
#   scripts/build.sh [PRESET [TARGET…]]
. "$(dirname "$0")/common.sh"

preset="${1:-release}"
shift || true
cd "$project_dir"
if [ ! -f "build/$preset/build.ninja" ]; then
  say "Configuring build/$preset"
  quietly "build/logs/configure-$preset.log" cmake --preset "$preset"
fi
say "Building build/$preset"
targets=()
for target in "$@"; do targets+=(--target "$target"); done
with_progress "build/logs/build-$preset.log" cmake --build --preset "$preset" "${targets[@]}"
say "Importing networks"
quietly "build/logs/import-$preset.log" "build/$preset/maskbench" models import
