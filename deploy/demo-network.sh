# shellcheck shell=bash
# Sourced by deploy/demo.sh: the two namespaces, the traffic between them, and
# the judgement whether it passes. All names carry the script's process id.

readonly server=fwdemo-$$-server
readonly client=fwdemo-$$-client
readonly interface=guarded0
readonly tcp_port=8080
readonly udp_port=9000
readonly server4=192.0.2.1 server6=2001:db8::1
readonly attacker4=192.0.2.66 attacker6=2001:db8::66
readonly innocent4=192.0.2.10 innocent6=2001:db8::10

in_server() { nsenter --net="/run/netns/$server" "$@"; }
in_client() { nsenter --net="/run/netns/$client" "$@"; }

# `ip netns` makes /run/netns a mount of its own when it is first used.
netns_folder_was_there=yes

make_network() {
  [[ -e /run/netns ]] || netns_folder_was_there=no
  ip netns add "$server"
  ip netns add "$client"
  ip link add name "$interface" netns "$server" type veth peer name out0 netns "$client"

  # nodad: an address must be usable at once.
  in_server ip address add "$server4/24" dev "$interface"
  in_server ip address add "$server6/64" dev "$interface" nodad
  local address
  for address in "$attacker4/24" "$innocent4/24"; do
    in_client ip address add "$address" dev out0
  done
  for address in "$attacker6/64" "$innocent6/64"; do
    in_client ip address add "$address" dev out0 nodad
  done
  in_server ip link set lo up
  in_server ip link set "$interface" up
  in_client ip link set out0 up
  start_servers
}

# A TCP service that says hello and a UDP service that echoes.
start_servers() {
  local family options=reuseaddr,fork
  for family in 4 6; do
    # Else the socket for IPv6 would want the port of IPv4 too.
    [[ $family == 4 ]] || options+=,ipv6only
    in_server socat "TCP$family-LISTEN:$tcp_port,$options" SYSTEM:'echo hello' \
      >/dev/null 2>&1 &
    in_server socat "UDP$family-RECVFROM:$udp_port,$options" PIPE >/dev/null 2>&1 &
  done
}

remove_network() {
  local name
  for name in "$server" "$client"; do
    [[ -e /run/netns/$name ]] || continue
    # Whatever runs in a namespace that we made, we started.
    stop_processes "$name" TERM
    stop_processes "$name" KILL
    ip netns delete "$name"
  done
  if [[ $netns_folder_was_there == no && -d /run/netns && -z $(ls -A /run/netns) ]]; then
    umount /run/netns || true
    rmdir /run/netns || true
  fi
}

# Signals what runs in a namespace and waits at most two seconds for it to end.
stop_processes() {
  local name=$1 signal=$2 pids
  for _ in {1..40}; do
    pids=$(ip netns pids "$name")
    [[ -n $pids ]] || return 0
    # shellcheck disable=SC2086  # One word for each process.
    kill -s "$signal" $pids 2>/dev/null || true
    sleep 0.05
  done
}

# --- One attempt: does an answer come back? ----------------------------------

# For socat, an IPv6 address stands in brackets.
bracketed() { if [[ $1 == *:* ]]; then echo "[$1]"; else echo "$1"; fi; }

server_for() { if [[ $1 == *:* ]]; then echo "$server6"; else echo "$server4"; fi; }

answers_icmp() {
  in_client ping -n -q -c 1 -W 1 -I "$1" "$(server_for "$1")" >/dev/null 2>&1
}

answers_tcp() {
  local to from
  to=$(bracketed "$(server_for "$1")")
  from=$(bracketed "$1")
  [[ $(in_client socat -T 1 - "TCP:$to:$tcp_port,bind=$from,connect-timeout=1" \
    </dev/null 2>/dev/null) == hello ]]
}

answers_udp() {
  local to from
  to=$(bracketed "$(server_for "$1")")
  from=$(bracketed "$1")
  [[ $(echo hello | in_client socat -t 0.3 - "UDP:$to:$udp_port,bind=$from" \
    2>/dev/null) == hello ]]
}

# --- Judgement ---------------------------------------------------------------

# passes PROTOCOL ADDRESS: tries for five seconds. A service that has just been
# started may not listen yet, and a neighbour may have to be asked for first.
passes() {
  local deadline=$((SECONDS + 5))
  until "answers_$1" "$2"; do
    ((SECONDS < deadline)) || return 1
  done
}

# expect_only PROTOCOLS NAME ADDRESS...: exactly these protocols get an answer
# from the server; what must not pass has failed as soon as it once does.
expect_only() {
  local allowed=$1 name=$2 address protocol line
  shift 2
  for address in "$@"; do
    line=$(printf '%s %-14s' "$name" "$address")
    for protocol in icmp tcp udp; do
      if [[ " $allowed " == *" $protocol "* ]]; then
        passes "$protocol" "$address" || die "$protocol from $address does not pass, but must"
        line+="  $protocol passes "
      else
        "answers_$protocol" "$address" && die "$protocol from $address passes, but must not"
        line+="  $protocol stopped"
      fi
    done
    note "$line"
  done
}

expect_flow() { expect_only "icmp tcp udp" "$@"; }
expect_no_flow() { expect_only "" "$@"; }
