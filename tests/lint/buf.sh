#!/bin/bash
# The protocol passes buf's STANDARD rules.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
# package.json names buf's programs for each processor; npm installs one.
buf=(node_modules/@bufbuild/buf-linux-*/bin/buf)
if [[ ! -x ${buf[0]} ]]; then
  echo "buf is not installed: run tests/run.sh, or npm ci --ignore-scripts" >&2
  exit 1
fi
"${buf[0]}" lint proto
