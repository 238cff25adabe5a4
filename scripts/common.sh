# Sourced by the other scripts. Says what is done, and fails with one sentence.
set -euo pipefail

project_dir="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
assets_dir="${MASKBENCH_ASSETS:-$project_dir/build/assets}"

say() { printf '== %s\n' "$*"; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# quietly LOG COMMAND… : keeps the output in a file and shows its end only when the command fails.
quietly() {
  local log="$1"
  shift
  mkdir -p "$(dirname "$log")"
  if ! "$@" >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    die "\"$*\" failed; its whole output is in $log."
  fi
}

# with_progress LOG COMMAND… : the same, and says every 20 seconds how far a build is that counts its
# steps as "[done/all]".
with_progress() {
  local log="$1" watcher status=0
  mkdir -p "$(dirname "$log")"
  : >"$log"
  (
    while sleep 20 && kill -0 $$ 2>/dev/null; do
      step="$(tail -n 1 "$log" | grep -o '^\[[0-9]*/[0-9]*\]' || true)"
      [ -z "$step" ] || say "$step after $((SECONDS / 60)):$(printf '%02d' $((SECONDS % 60)))"
    done
  ) &
  watcher=$!
  (quietly "$@") || status=$?
  kill "$watcher" 2>/dev/null || true
  wait "$watcher" 2>/dev/null || true
  [ "$status" -eq 0 ] || exit "$status"
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo "$@"
  else
    die "\"$*\" needs root; run this as root or install sudo."
  fi
}
