#!/bin/bash
# Runs the agent and its tests on several kernels: Debian's, each in a virtual
# machine, and the one that runs here. Needs root. See docs/kernels.md.
set -euo pipefail

usage() {
  cat <<'END'
usage: tests/kernels/run.sh [--build FOLDER] [--no-build] [VERSION...]

  VERSION         5.10, 6.1, 6.12, or `running` for this machine's own kernel;
                  without any, all of them
  --build FOLDER  the programs are built there, default build/dev
  --no-build      they are there as they shall be
END
}

here=$(dirname "$(readlink -f "$0")")
root=$(dirname "$(dirname "$here")")
# shellcheck source=deploy/common.sh
source "$root/deploy/common.sh"
# shellcheck source=tests/kernels/programs.sh
source "$here/programs.sh"
# shellcheck source=tests/kernels/kernel_package.sh
source "$here/kernel_package.sh"
# shellcheck source=tests/kernels/virtual_machine.sh
source "$here/virtual_machine.sh"

build=$root/build/dev
must_build=yes
versions=()
while (($# > 0)); do
  case $1 in
    --build)
      (($# > 1)) || { usage >&2; exit 2; }
      build=$(readlink -f "$2")
      shift
      ;;
    --no-build) must_build=no ;;
    -h | --help) usage; exit 0 ;;
    -*) usage >&2; exit 2 ;;
    *) versions+=("$1") ;;
  esac
  shift
done
((${#versions[@]} > 0)) || versions=(5.10 6.1 6.12 running)

cache=$root/build/kernels
# A virtual machine is stopped after this time, and so are the tests here.
time_limit=7200

# --- What the machine needs --------------------------------------------------

# Tools that are not on every Debian, each with the package that brings it.
needed_tools='qemu-system-x86_64=qemu-system-x86 busybox=busybox-static cpio=cpio
  xz=xz-utils ip=iproute2 cmake=cmake'

check_tools() {
  local tool missing=()
  for tool in $needed_tools; do
    command -v "${tool%=*}" >/dev/null || missing+=("${tool#*=}")
  done
  [[ -f $debian_keyring ]] || missing+=(debian-archive-keyring)
  ((${#missing[@]} == 0)) || die "these Debian packages are missing: ${missing[*]}"
}

build_programs() {
  local program targets=()
  for program in $test_programs $agent_program; do targets+=("${program##*/}"); done
  [[ -f $build/CMakeCache.txt ]] || cmake -S "$root" --preset "${build##*/}" -B "$build"
  cmake --build "$build" --target "${targets[@]}"
}

# --- One kernel --------------------------------------------------------------

# What follows leaves check.sh's report in the file results of a folder, and all
# else that was printed in the file console. An early end shows in the report.
run_in_virtual_machine() {
  local version=$1 out=$2
  get_kernel "$version"
  pack_initramfs "$scratch/guest" "$cache/$version" "$scratch/initramfs"
  boot "$cache/$version" "$scratch/initramfs" "$out/console" "$out/results" || true
}

# In namespaces of its own, with a BPF file system of its own; no process of it
# outlives its time.
run_here() {
  local out=$1
  # shellcheck disable=SC2016
  TMPDIR=$scratch timeout --foreground --kill-after=5 "$time_limit" \
    unshare --net --mount --pid --fork --kill-child --mount-proc \
    sh -c 'mount -t bpf bpf /sys/fs/bpf && ip link set lo up && "$@"' sh \
    "$here/check.sh" "$build" >"$out/console" 2>&1 </dev/null 3>"$out/results" || true
}

run_kernel() {
  local version=$1 out=$cache/results/$1
  mkdir -p "$out"
  : >"$out/results"
  if [[ $version == running ]]; then run_here "$out"; else run_in_virtual_machine "$version" "$out"; fi
}

# --- What came of it ---------------------------------------------------------

# Prints one line for the kernel, then one for each thing that failed. Fails
# unless the agent's program was in force each time and every test passed.
summarise() {
  awk -v version="$1" -v seconds="$2" '
    $1 == "agent" && $3 == "" { why[++bad] = "no XDP program is seen (" $2 ")" }
    $1 == "agent" { agents = agents sep $3 " (" $2 ")"; sep = ", "; started++ }
    $1 == "refused" { agents = agents sep "refused (" $2 ")"; sep = ", "; why[++bad] = $0 }
    $1 == "tests" { passed += $4; failed += $5; skipped += $6 }
    $1 == "failed" { why[++bad] = $0 }
    $1 == "end" { release = $2 }
    END {
      if (release == "") { release = "no end"; why[++bad] = "it did not come to its end in time" }
      ok = bad == 0 && failed == 0 && started > 0 && passed > 0
      printf "%-8s %-20s %-6s program %s; %d tests passed, %d failed, %d skipped; %d s\n",
        version, release, ok ? "ok" : "FAILED", agents, passed, failed, skipped, seconds
      for (i = 1; i <= bad; i++) print "    " why[i]
      exit !ok
    }' "$3"
}

# --- All of them -------------------------------------------------------------

main() {
  require_root
  check_tools
  [[ $must_build == no ]] || build_programs
  scratch=$(mktemp -d)
  trap 'rm -rf "${scratch:?}"' EXIT
  make_guest_root "$scratch/guest"

  local version started status=0 summary=
  for version in "${versions[@]}"; do
    echo "=== kernel $version"
    started=$SECONDS
    run_kernel "$version"
    summarise "$version" $((SECONDS - started)) "$cache/results/$version/results" \
      >"$scratch/summary" || status=1
    cat "$scratch/summary"
    summary+=$(head -n 1 "$scratch/summary")$'\n'
  done
  printf '\n=== Summary; what was printed is in %s\n%s' "$cache/results" "$summary"
  return "$status"
}

main
