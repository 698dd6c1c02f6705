#!/usr/bin/env bash
# Builds the release and prints every figure of tests/bench. Needs root.
# Arguments go to the benchmarks, as in --benchmark_filter=BlockIP.
set -euo pipefail
cd "$(dirname "$0")/../.."

cmake --preset release >/dev/null
cmake --build build/release --target packet_bench rpc_bench bare_server fwagent fwctl

for program in packet_bench rpc_bench; do
  echo "== $program"
  "build/release/tests/bench/$program" \
    --benchmark_counters_tabular=true "$@"
done
