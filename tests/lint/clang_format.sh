#!/bin/bash
# The C++ and BPF sources are formatted as .clang-format says.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
source tests/lint/files.sh

# Releases of clang-format differ in their output; Debian 12's is the judge.
version=$(clang-format --version)
if [[ $version != *"version 14."* ]]; then
  echo "skipped: the sources are formatted with clang-format 14, this is $version"
  exit 77
fi
mapfile -t files < <(source_files '*.h' '*.c' '*.cc')
clang-format --dry-run --Werror "${files[@]}"
