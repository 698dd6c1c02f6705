#!/bin/bash
# usage: systemd_unit.sh FWAGENT. systemd knows every line of the unit.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
command -v systemd-analyze >/dev/null || {
  echo "systemd-analyze is missing: install the package systemd" >&2
  exit 1
}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The program is where it was built, not where the unit expects it.
sed "s|/usr/sbin/fwagent|$(readlink -f "$1")|" \
  deploy/systemd/fwagent.service >"$scratch/fwagent.service"
# Verification succeeds in spite of a directive that systemd does not know.
complaints=$(systemd-analyze verify --man=no "$scratch/fwagent.service" 2>&1 |
  grep -F "$scratch/fwagent.service" || true)
if [[ -n $complaints ]]; then
  echo "$complaints" >&2
  exit 1
fi
