#!/bin/bash
# Every shell script passes shellcheck.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
source tests/lint/files.sh
mapfile -t files < <(source_files '*.sh')
shellcheck --external-sources .ci/run "${files[@]}"
