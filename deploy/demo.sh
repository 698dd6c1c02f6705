#!/bin/bash
# Shows fwagent at work: two network namespaces joined by a cable, real packets,
# and a check on every one of them. Run as root on Debian 12 or 13; needs no
# preparation, touches no network of the host, and leaves nothing behind but the
# Debian packages it installed and build/demo.
set -euo pipefail

root=$(dirname "$(dirname "$(readlink -f "$0")")")
# shellcheck source=deploy/common.sh
source "$root/deploy/common.sh"
# shellcheck source=deploy/demo-network.sh
source "$root/deploy/demo-network.sh"

# --- Telling the story -------------------------------------------------------

step=0
say() {
  step=$((step + 1))
  printf '\n%d. %s\n' "$step" "$*"
}

note() { printf '   %s\n' "$*"; }

# Runs a command as a person would type it, and shows command and output.
show() {
  printf '   $ %s\n' "$*"
  "$@" 2>&1 | sed 's/^/     /' || die "this command failed: $*"
}

# Runs a long command in a process group of its own, so that a signal to this
# script is answered at once and ends the command with all that it started.
child=
run_quietly() {
  setsid "$@" >"$scratch/command.log" 2>&1 </dev/null &
  child=$!
  local status=0
  wait "$child" || status=$?
  child=
  if ((status != 0)); then
    tail -n 30 "$scratch/command.log" >&2
    die "this command failed, its last lines are above: $*"
  fi
}

# --- Set-up and clean-up -----------------------------------------------------

clean_up() {
  local status=$?
  trap '' INT TERM HUP
  set +e  # Whatever fails here, the rest must still be cleaned up.
  # A trap runs with the redirections of the command that it interrupts.
  exec 2>&3
  if [[ -n $child ]]; then
    kill -- "-$child" 2>/dev/null
    wait "$child"
  fi
  # Above 128 it was a signal, and no fault of the agent's.
  if ((status > 0 && status < 128)) && [[ -s $scratch/agent.log ]]; then
    echo "--- the agent's log:" >&2
    tail -n 20 "$scratch/agent.log" >&2
  fi
  remove_network
  rm -rf "${pins:?}" "${scratch:?}"
  unmount_bpffs
  ((status == 0)) || echo "demo.sh: stopped early; cleaned up" >&2
}

prepare() {
  "$root/deploy/packages.sh" install build demo
  mount_bpffs
  note "Building fwagent and fwctl (the first time takes some minutes) ..."
  # -O1 takes two thirds of the time of -O3, and nothing here is measured.
  run_quietly cmake -S "$root" --preset release -B "$root/build/demo" -DFW_TESTS=OFF \
    -DCMAKE_CXX_FLAGS_RELEASE=-O1
  run_quietly cmake --build "$root/build/demo" --target fwagent fwctl
  PATH=$root/build/demo/agent:$root/build/demo/client:$PATH
  export FWCTL_ADDRESS=unix:$scratch/fwagent.sock
}

start_agent() {
  # nsenter rather than `ip netns exec`, which hides the BPF filesystem.
  nsenter --net="/run/netns/$server" fwagent \
    --config "$scratch/fwagent.yaml" >>"$scratch/agent.log" 2>&1 &
  agent=$!
  # Keeps bash from reporting the end of a process that we kill ourselves.
  disown "$agent"
  local deadline=$((SECONDS + 10))
  until fwctl status --check >/dev/null 2>&1; do
    kill -0 "$agent" 2>/dev/null || die "the agent did not start"
    ((SECONDS < deadline)) || die "the agent does not answer"
    sleep 0.05
  done
}

write_config() {
  cat >"$scratch/fwagent.yaml" <<END
interfaces: [$interface]
socket: $scratch/fwagent.sock
state_dir: $scratch/state
pin_dir: $pins
END
}

# --- What is checked ---------------------------------------------------------

# Packets that the filter has dropped because of their source address.
source_drops() {
  fwctl -o json stats | tr -d ' \n' | tr '{' '\n' |
    sed -n '/SOURCE_BLOCKED/s/.*"packets":"\{0,1\}\([0-9]*\).*/\1/p' |
    awk '{ sum += $1 } END { print sum + 0 }'
}

# Every packet that the attacker sends while this runs must be lost.
start_leak_watch() {
  nsenter --net="/run/netns/$client" \
    ping -n -q -i 0.02 -I "$attacker4" "$server4" >"$scratch/leak.log" 2>&1 &
  leak_watch=$!
}

stop_leak_watch() {
  kill -INT "$leak_watch"
  wait "$leak_watch" || true
  local result
  result=$(grep 'packets transmitted' "$scratch/leak.log") || die "the watching ping did not run"
  [[ $result == *" 0 received"* ]] || die "packets of the blocked sender got through: $result"
  note "A ping of the attacker ran all the while: ${result%, time*}."
}

# --- The story ---------------------------------------------------------------

main() {
  require_root
  exec 3>&2
  scratch=$(mktemp -d)
  pins=/sys/fs/bpf/fwdemo-$$
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  trap 'exit 129' HUP

  echo "fwagent demo: an XDP firewall, told what to do by fwctl"
  say "Preparing: packages, BPF filesystem, build"
  prepare

  say "A server and a client, joined by a cable"
  make_network
  write_config
  note "server     $server4, $server6"
  note "client     attacker $attacker4, $attacker6; innocent $innocent4, $innocent6"
  expect_flow attacker "$attacker4" "$attacker6"
  expect_flow innocent "$innocent4" "$innocent6"

  say "The agent guards the server; nothing is blocked yet"
  start_agent
  show fwctl status
  expect_flow attacker "$attacker4" "$attacker6"
  expect_flow innocent "$innocent4" "$innocent6"

  say "Block the attacker: its packets stop, the innocent sender's do not"
  local before after
  before=$(source_drops)
  show fwctl block-ip "$attacker4"
  show fwctl block-ip "$attacker6"
  expect_no_flow attacker "$attacker4" "$attacker6"
  expect_flow innocent "$innocent4" "$innocent6"

  say "Every drop is counted"
  show fwctl stats
  after=$(source_drops)
  ((after - before >= 6)) || die "only $((after - before)) drops were counted for 6 attempts"
  note "Dropped because of their source: $before packets before, $after now."

  say "Kill the agent (-9): the filter stays in the kernel"
  start_leak_watch
  kill -KILL "$agent"
  expect_no_flow attacker "$attacker4" "$attacker6"
  expect_flow innocent "$innocent4" "$innocent6"

  say "Start it again: it takes the filter over, with the rules that are there"
  start_agent
  show fwctl list
  expect_no_flow attacker "$attacker4" "$attacker6"
  stop_leak_watch

  say "Unblock: the traffic flows again"
  show fwctl unblock-ip "$attacker4"
  show fwctl unblock-ip "$attacker6"
  expect_flow attacker "$attacker4" "$attacker6"

  say "Block a port: TCP stops for everyone, UDP and ICMP go on"
  show fwctl block-port "$tcp_port/tcp"
  expect_only "icmp udp" attacker "$attacker4" "$attacker6"
  expect_only "icmp udp" innocent "$innocent4" "$innocent6"
  show fwctl unblock-port "$tcp_port/tcp"
  expect_flow innocent "$innocent4" "$innocent6"

  say "Take the filter off, the one way to do so"
  show fwctl block-ip "$attacker4"
  expect_no_flow attacker "$attacker4"
  show fwctl detach --all
  expect_flow attacker "$attacker4"

  printf '\nEverything was as it should be (%d s). Cleaning up.\n' "$SECONDS"
}

main
