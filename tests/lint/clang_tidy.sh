#!/bin/bash
# usage: clang_tidy.sh BUILD_FOLDER. The programs' sources pass .clang-tidy.
# Needs the generated headers, so the build folder must have been built.
set -euo pipefail
build=$(readlink -f "$1")
cd "$(dirname "$(readlink -f "$0")")/../.."

sed -n 's/.*"file": "\(.*\)".*/\1/p' "$build/compile_commands.json" |
  grep -E "^$PWD/(agent|client)/" | sort -u |
  xargs -P "$(nproc)" -n 1 clang-tidy -p "$build" --quiet 2>/dev/null
