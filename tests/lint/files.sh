# shellcheck shell=bash
# Sourced by the checks of this room.

# Prints the files of the source tree whose names match one of the patterns.
source_files() {
  local pattern arguments=()
  for pattern in "$@"; do arguments+=(-o -name "$pattern"); done
  find . \( -path ./build -o -path ./node_modules -o -path ./.git \) -prune \
    -o -type f \( "${arguments[@]:1}" \) -print | sort
}
