#!/bin/bash
# usage: clang_tidy.sh BUILD_FOLDER [COMMITS]. The programs' sources pass
# .clang-tidy: all of them, or those that differ from so many commits ago.
# Needs the generated headers, so the build folder must have been built.
set -euo pipefail
build=$(readlink -f "$1")
cd "$(dirname "$(readlink -f "$0")")/../.."

# A tree without so much history is checked as a whole.
since=
if (($# > 1)); then
  since=$(git rev-parse --quiet --verify "HEAD~$2" 2>/dev/null) || since=
fi
wanted() {
  if [[ -n $since ]]; then
    git diff --name-only --diff-filter=d "$since" -- agent client | sed "s|^|$PWD/|"
  else
    printf '%s\n' "$PWD"/{agent,client}/**
  fi
}

shopt -s globstar
# Without precompiled headers, which are another compiler's.
commands=$(mktemp -d)
trap 'rm -rf "$commands"' EXIT
sed 's/ -Winvalid-pch -include [^ ]*cmake_pch\.hxx//' "$build/compile_commands.json" \
  >"$commands/compile_commands.json"

sed -n 's/.*"file": "\(.*\)".*/\1/p' "$commands/compile_commands.json" |
  grep -E "^$PWD/(agent|client)/" | sort -u |
  { grep -Fx -f <(wanted) || true; } |
  xargs -r -P "$(nproc)" -n 1 clang-tidy -p "$commands" --quiet 2>/dev/null
