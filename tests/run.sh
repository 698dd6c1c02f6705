#!/bin/bash
# Builds and runs the tests. Run as root on Debian 12 or 13; needs no
# preparation. FW_REQUIRE_BPF=1 turns tests that would be skipped because the
# kernel refuses BPF into failures.
set -euo pipefail

usage() {
  cat <<'END'
usage: tests/run.sh [--quick | --all] [--preset NAME]... [--only ROOM]...

Every test, and those without whole programs again with AddressSanitizer and
UndefinedBehaviorSanitizer.

  --quick         without the sanitizers
  --all           also whole programs with them, ThreadSanitizer, and the fuzzers
  --preset NAME   only this preset: dev, asan, tsan, fuzz or release
  --only ROOM     only these tests: unit, component, bpf, e2e, torture, fuzz or lint
END
}

root=$(dirname "$(dirname "$(readlink -f "$0")")")
# shellcheck source=deploy/common.sh
source "$root/deploy/common.sh"

presets=()
rooms=()
while (($# > 0)); do
  case $1 in
    --quick) presets=(dev) ;;
    --all) presets=(dev asan tsan fuzz) ;;
    --preset | --only)
      (($# > 1)) || { usage >&2; exit 2; }
      if [[ $1 == --preset ]]; then presets+=("$2"); else rooms+=("$2"); fi
      shift
      ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done
whole_programs=e2e  # under AddressSanitizer
if ((${#presets[@]} == 0)); then
  presets=(dev asan)
  whole_programs=
fi

# --- What the machine needs --------------------------------------------------

install_tools() {
  "$root/deploy/packages.sh" install build demo test
  command -v npm >/dev/null || "$root/deploy/packages.sh" install npm
  npm ci --prefix "$root" --ignore-scripts --no-audit --no-fund --loglevel error ||
    die "npm could not install buf"
}

# ThreadSanitizer and AddressSanitizer of gcc 12 need a memory layout that
# kernels with many random address bits do not always give.
without_address_randomisation() {
  if setarch -R true 2>/dev/null; then setarch -R "$@"; else "$@"; fi
}

# --- One preset --------------------------------------------------------------

# The rooms that a preset runs: lint judges the source text, which is the same
# in every preset, and fuzzing takes a compiler of its own. ThreadSanitizer
# builds no room in which all goes through gRPC.
rooms_of() {
  case $1 in
    asan) echo unit component bpf $whole_programs ;;
    tsan) echo unit component bpf ;;
    fuzz) echo fuzz ;;
    *) echo unit component bpf e2e torture lint ;;
  esac
}

selected_rooms() {
  local room
  for room in $(rooms_of "$1"); do
    if ((${#rooms[@]} == 0)) || [[ " ${rooms[*]} " == *" $room "* ]]; then
      echo "$room"
    fi
  done
}

# Sanitizers are for what their tests run; dev is there to see that all builds.
targets_of() {
  case $1 in
    fuzz) echo fuzzers ;;
    asan | tsan) selected_rooms "$1" | sed 's/^/fw_tests_/' ;;
    *) echo all ;;
  esac
}

# Reads an attribute of the one test suite in a JUnit report of ctest.
reported() { sed -n "s/.*\b$1=\"\([0-9]*\)\".*/\1/p" "$2" | head -n 1; }

passed=0 failed=0 skipped=0
summary=()

run_preset() {
  local preset=$1 started=$SECONDS selection targets report outcome=ok tests bad idle
  selection=$(selected_rooms "$preset" | paste -s -d '|')
  if [[ -z $selection ]]; then
    summary+=("$(printf '%-8s has none of the rooms asked for' "$preset")")
    return
  fi
  printf '\n=== %s: build\n' "$preset"
  mapfile -t targets < <(targets_of "$preset")
  if ! cmake -S "$root" --preset "$preset" || ! cmake --build "$root/build/$preset" --target "${targets[@]}"; then
    summary+=("$(printf '%-8s does not build' "$preset")")
    failed=$((failed + 1))
    return
  fi

  printf '\n=== %s: tests in the rooms %s\n' "$preset" "${selection//|/, }"
  report=$root/build/$preset/tests.xml
  rm -f "$report"
  without_address_randomisation ctest --test-dir "$root/build/$preset" \
    --label-regex "^($selection)$" --no-tests=error --parallel 2 \
    --output-on-failure --output-junit "$report" || outcome=FAILED
  if [[ ! -f $report ]]; then
    summary+=("$(printf '%-8s ran no test' "$preset")")
    failed=$((failed + 1))
    return
  fi
  tests=$(reported tests "$report")
  bad=$(reported failures "$report")
  idle=$(($(reported skipped "$report") + $(reported disabled "$report")))
  [[ $outcome == ok || $bad != 0 ]] || bad=1
  passed=$((passed + tests - bad - idle)) failed=$((failed + bad)) skipped=$((skipped + idle))
  summary+=("$(printf '%-8s %-6s %4d tests, %d failed, %d skipped, %d s' \
    "$preset" "$outcome" "$tests" "$bad" "$idle" $((SECONDS - started)))")
}

# --- All of them -------------------------------------------------------------

require_root
cd "$root"
install_tools
mount_bpffs
for preset in "${presets[@]}"; do
  run_preset "$preset"
done

printf '\n=== Summary (%d s)\n' "$SECONDS"
printf '%s\n' "${summary[@]}"
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0 && passed > 0))
