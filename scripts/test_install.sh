#!/usr/bin/env bash
# Runs every command of docs/own_methods.md as it stands there, and looks at what came of it:
#   scripts/test_install.sh [BUILD]      (build/release by default; built before)
set -euo pipefail

source_dir=$(cd "$(dirname "$0")/.." && pwd)
build_dir=$(cd "${1:-$source_dir/build/release}" && pwd)
work=$build_dir/own_methods_test
rm -rf "$work"
mkdir -p "$work/build"
cd "$work"
cp -r "$source_dir/examples" .
ln -s "$build_dir" build/release
# A run of the example finds networks where all tests find them.
export MASKBENCH_ASSETS=${MASKBENCH_ASSETS:-$source_dir/build/assets}
# What is only compiled again for the test is quick.
if command -v ccache > /dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR=$work CCACHE_NOHASHDIR=1
fi
if command -v mold > /dev/null; then export LDFLAGS=-fuse-ld=mold; fi

fail() {
  echo "test_install: $*" >&2
  exit 1
}

# The shell blocks of the page, in order and in one shell.
sed -n '/^```sh$/,/^```$/p' "$source_dir/docs/own_methods.md" | grep -v '^```' > commands.sh
[ "$(grep -c check-method commands.sh)" -ge 7 ] || fail "too few commands were found in the page"
bash -euo pipefail -x commands.sh 2>&1 | tee commands.log
grep -q 'should have shape \[1, any\], but has \[1, 3, 112, 112\]' commands.log ||
  fail "a mask is taken for a recogniser"

# Files of a run that the page promises.
masks=build/examples/own_masks/figures.csv
for name in my_program my_videos my_network; do
  grep -q ",$name," "$masks" || fail "$masks has no figures of $name"
done
own=build/examples/my_run/figures.csv
for name in dim_room mean_wide grey_thumbnail narrow_lids; do
  grep -q ",$name," "$own" || fail "$own has no figures of $name"
done

# The installed folder can be moved, and knows nothing of the folders that it was built from.
mv build/examples/maskbench moved
moved/bin/maskbench --version > /dev/null || fail "the installed program does not start"
if moved/bin/maskbench list mean_colour > /dev/null 2>&1; then
  fail "a component of the example is in the program that does not have it"
fi
for folder in "$source_dir" "$build_dir" "$work"; do
  if grep -rlF "$folder" moved/include moved/lib/cmake; then fail "names $folder"; fi
done
# Of the source folder only build/assets may be compiled in, the place of assets.
parts='/(framework|experiments|datasets|examples|scripts|tests|docs|configs|build/release)'
if grep -rhaoE "$source_dir${parts}[[:print:]]*|$build_dir[[:print:]]*" moved | sort -u | grep .; then
  fail "paths of the source folder were compiled in"
fi
cmake -S examples/cpp_methods -B build/again -DCMAKE_PREFIX_PATH="$work/moved" > again.log ||
  fail "the moved package is not found: $(tail -3 again.log)"

# A program that registers a type twice says so.
sed 's/&components->dataset_makers);/&\n    maskbench::RegisterMeanColour(\&components->maskers);/' \
  -i examples/cpp_methods/main.cc
cmake --build build/again > again.log || fail "the changed example does not build"
if build/again/my_maskbench list > twice.log 2>&1; then fail "a type may be registered twice"; fi
grep -q '"mean_colour" is registered twice' twice.log || fail "no reason is given: $(cat twice.log)"
cd "$build_dir" && rm -rf "$work"
echo "test_install: all commands of docs/own_methods.md work."
