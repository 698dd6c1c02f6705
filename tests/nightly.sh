#!/bin/bash
# What takes too long for every change: all sanitizers, clang-tidy of every file,
# many more random frames, interfaces made anew 200 times, an hour of fuzzing at
# most, and every kernel. Needs root. Ends with 1 when any of it fails; all of it is run in
# any case.
# shellcheck disable=SC2317  # the functions are called by way of step
set -uo pipefail

usage() {
  cat <<'END'
usage: tests/nightly.sh [--seed NUMBER] [--fuzz-seconds NUMBER] [--no-kernels]

  --seed NUMBER          other frames than in every other night; default: the day
  --fuzz-seconds NUMBER  for each fuzz target, default 1200
  --no-kernels           without the emulated machines, which take hours
END
}

root=$(dirname "$(dirname "$(readlink -f "$0")")")
# shellcheck source=deploy/common.sh
source "$root/deploy/common.sh"

seed=$(date +%Y%m%d)
fuzz_seconds=1200
with_kernels=yes
while (($# > 0)); do
  case $1 in
    --seed | --fuzz-seconds)
      [[ ${2:-} =~ ^[0-9]+$ ]] || { usage >&2; exit 2; }
      if [[ $1 == --seed ]]; then seed=$2; else fuzz_seconds=$2; fi
      shift
      ;;
    --no-kernels) with_kernels=no ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done

summary=()
failed=0

step() {
  local name=$1 started=$SECONDS outcome=ok
  shift
  printf '\n=== %s\n' "$name"
  "$@" || { outcome=FAILED failed=1; }
  summary+=("$(printf '%-14s %-6s %d s' "$name" "$outcome" $((SECONDS - started)))")
}

build() {
  cmake -S "$root" --preset "$1" && cmake --build "$root/build/$1" --target "${@:2}"
}

# A target on a copy of its corpus, which grows.
fuzz() {
  local corpus
  corpus=$(mktemp -d) || return
  [[ ! -d $root/tests/fuzz/${1}_corpus ]] || cp "$root/tests/fuzz/${1}_corpus"/* "$corpus"
  "$root/build/fuzz/tests/fuzz/$1" -max_total_time="$fuzz_seconds" -max_len=2048 "$corpus"
  local status=$?
  rm -rf "${corpus:?}"
  return "$status"
}

require_root
cd "$root" || exit 1
export FW_REQUIRE_BPF=1
"$root/deploy/packages.sh" install build demo test || exit 1
mount_bpffs
printf 'seed %s\n' "$seed"
step build build dev differential_test nftables_test e2e_test
step sanitizers tests/run.sh --preset asan --preset tsan
step clang-tidy tests/lint/clang_tidy.sh build/dev
step fuzz-build build fuzz fuzzers
step differential env FW_DIFFERENTIAL_FRAMES=10000000 FW_DIFFERENTIAL_SEED="$seed" \
  build/dev/tests/bpf/differential_test
step nftables env FW_NFTABLES_FRAMES=1000000 FW_NFTABLES_SEED="$seed" build/dev/tests/bpf/nftables_test
step interfaces env FW_INTERFACE_ROUNDS=200 build/dev/tests/e2e/e2e_test --gtest_filter='InterfaceLifeTest.*'
step parse_fuzz fuzz parse_fuzz
step table_fuzz fuzz source_table_fuzz
[[ $with_kernels == no ]] || step kernels tests/kernels/run.sh

printf '\n=== Summary (seed %s)\n' "$seed"
printf '%s\n' "${summary[@]}"
exit "$failed"
