#!/usr/bin/env bash
# Installs the Debian 12 packages that building and testing take. Does nothing when they are there.
# With --browser also a headless Chromium, which scripts/test_report.sh opens reports in (64 MB to
# fetch, half a minute).
. "$(dirname "$0")/common.sh"

packages=(
  # tools
  g++ cmake ninja-build pkg-config ccache mold git ca-certificates openssl ffmpeg bubblewrap
  # libraries
  libopencv-dev libtorch-dev libopenblas0-pthread libceres-dev libeigen3-dev
  nlohmann-json3-dev libcli11-dev libfmt-dev libsqlitecpp-dev libssl-dev
  libavcodec-dev libavformat-dev libavutil-dev libswscale-dev
  libgtest-dev libgmock-dev libbenchmark-dev
)

[ -r /etc/debian_version ] || die "this is not Debian; install the packages named in $0 by hand."
# npm comes with some builds of Node; Debian has a package of its own.
command -v npm >/dev/null 2>&1 || packages+=(npm)

if [ "${1:-}" = --browser ]; then
  packages+=(chromium-headless-shell)
  command -v node >/dev/null 2>&1 || packages+=(nodejs)
fi

missing=()
for package in "${packages[@]}"; do
  status="$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)"
  [ "$status" = "install ok installed" ] || missing+=("$package")
done
if [ "${#missing[@]}" -eq 0 ]; then
  say "All ${#packages[@]} Debian packages are installed."
  exit 0
fi
say "Installing ${#missing[@]} Debian packages: ${missing[*]}"
log="$project_dir/build/logs/apt.log"
quietly "$log" as_root env DEBIAN_FRONTEND=noninteractive apt-get update
quietly "$log" as_root env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y --no-install-recommends "${missing[@]}"
