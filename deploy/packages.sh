#!/bin/bash
# The one place that knows which Debian packages are needed for what.
set -euo pipefail

usage() {
  cat <<'END'
usage: deploy/packages.sh list GROUP...          print the packages, one a line
       deploy/packages.sh install GROUP...       install those that are missing
       deploy/packages.sh libraries-of FILE...   print the packages whose shared
                                                 libraries these programs load
GROUP is the name of a file in deploy/packages/: build, demo, test, npm.
END
}

lists=$(dirname "$(readlink -f "$0")")/packages

print_list() {
  local group
  for group in "$@"; do
    if [[ ! -f $lists/$group.txt ]]; then
      echo "packages.sh: no group named '$group' in $lists" >&2
      return 2
    fi
    sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$lists/$group.txt"
  done
}

missing() {
  local package
  for package in "$@"; do
    if [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) != installed ]]; then
      echo "$package"
    fi
  done
}

run_apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -q -y \
    -o Acquire::Retries=3 -o Acquire::http::Timeout=30 \
    -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 "$@"
}

install_missing() {
  local names absent log
  names=$(print_list "$@")
  mapfile -t names <<<"$names"
  mapfile -t absent < <(missing "${names[@]}")
  if ((${#absent[@]} == 0)); then return 0; fi

  if [[ $(id -u) != 0 ]]; then
    echo "packages.sh: not installed: ${absent[*]}" >&2
    echo "packages.sh: run as root, or: sudo apt-get install ${absent[*]}" >&2
    return 1
  fi
  echo "Installing ${#absent[@]} Debian packages: ${absent[*]}"
  log=$(mktemp)
  if ! { run_apt update && run_apt install --no-install-recommends "${absent[@]}"; } \
      </dev/null >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    echo "packages.sh: apt-get failed, its last lines are above" >&2
    return 1
  fi
  rm -f "$log"
}

# Library names carry their version, which differs between Debian's releases:
# so they are read off the programs instead of being listed.
libraries_of() {
  local path
  ldd "$@" | sed -n 's|.* => \(/[^ ]*\) .*|\1|p' | sort -u |
    while read -r path; do
      # Before the merge of /usr, packages recorded some libraries under /lib.
      dpkg-query -S "$path" 2>/dev/null || dpkg-query -S "/usr${path#/usr}" 2>/dev/null ||
        dpkg-query -S "${path#/usr}"
    done | sed 's/:.*//' | sort -u
}

if (($# < 2)); then
  usage >&2
  exit 2
fi
command=$1
shift
case $command in
  list) print_list "$@" ;;
  install) install_missing "$@" ;;
  libraries-of) libraries_of "$@" ;;
  *)
    usage >&2
    exit 2
    ;;
esac
