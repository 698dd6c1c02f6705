/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* No lookup: what every candidate is measured net of. Answers with the address
 * itself, or the compiler would not read it. */
#include "tests/bench/candidate.bpf.h"

SEC("xdp.frags")
int judge4(struct xdp_md *ctx) {
  const struct iphdr *ip = ipv4_header(ctx);

  return ip ? answer(bpf_ntohl(ip->saddr)) : XDP_ABORTED;
}

SEC("xdp.frags")
int judge6(struct xdp_md *ctx) {
  const struct ipv6hdr *ip = ipv6_header(ctx);
  struct address6 address;

  if (!ip) return XDP_ABORTED;
  address = address6_of(ip);
  return answer(address.high + address.low);
}

char _license[] SEC("license") = "Dual BSD/GPL";
