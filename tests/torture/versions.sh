#!/usr/bin/env bash
# Builds an older version of the agent in a temporary folder, and goes from it
# to this version and back, again and again, while packets that must be blocked
# and packets that must pass go on. Needs root, and a clone with its history.
#   tests/torture/versions.sh [COMMIT]
# COMMIT is the older version; default: the last one before the present
# FW_LAYOUT_VERSION, so that the kernel's tables differ. By environment variables:
#   FW_TORTURE_VERSIONS  rounds; default 10
#   FW_TORTURE_RULES     loaded meanwhile; default 10000
#   FW_TORTURE_PRESET    what is built and run, of both; default release
# Ends with 1 when a check fails, or nothing could be checked.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
# shellcheck source=deploy/common.sh
source deploy/common.sh

preset=${FW_TORTURE_PRESET:-release}

# The parent of the commit that brought this layout.
before_this_layout() {
  local layout since
  layout=$(sed -n 's/^#define FW_LAYOUT_VERSION \([0-9]*\)$/\1/p' bpf/fw_abi.h)
  since=$(git log --format=%H -S"#define FW_LAYOUT_VERSION $layout" -- bpf/fw_abi.h | tail -n 1)
  [[ -n $since ]] || die "the history does not say when layout $layout came: name a commit"
  git rev-parse --verify "$since^"
}

require_root
older=$(git rev-parse --verify "${1:-$(before_this_layout)}^{commit}")
scratch=$(mktemp -d)
trap 'rm -rf "${scratch:?}"; unmount_bpffs' EXIT

printf 'older version: %s\n' "$(git log -1 --format='%h %s' "$older")"
git archive "$older" | tar -x -C "$scratch"
cmake -S "$scratch" --preset "$preset" >"$scratch/log"
cmake --build "$scratch/build/$preset" --target fwagent
cmake --preset "$preset" >>"$scratch/log"
cmake --build "build/$preset" --target torture_test

mount_bpffs
FW_REQUIRE_BPF=1 FW_TORTURE_OLDER_AGENT=$(find "$scratch/build/$preset" -type f -name fwagent -perm -u+x) \
  "build/$preset/tests/torture/torture_test" --gtest_filter='VersionsTest.*'
