/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The tables of the agent: see bpf/fw_table.h. */
/* Of its questions, only those about sources are asked. */
#pragma clang diagnostic ignored "-Wunused-function"
#include "bpf/fw_lookup.h"
#include "tests/bench/candidate.bpf.h"

/* Whether the rule's number is asked for too. The program asks for the verdict
 * alone, and then the lines with the numbers stay out of the cache. */
const volatile __u32 ask_rule = 0;

/* Only blocks are loaded, one after the other from the first on: the number of
 * the rule is its value. */
static __always_inline __u32 value_of(__u32 entry) {
  if (!ask_rule) return fw_verdict_of(entry) == FW_ENTRY_BLOCK;
  return fw_kind_of(entry) == FW_ENTRY_BLOCK ? entry & FW_ENTRY_PAYLOAD : 0;
}

SEC("xdp.frags")
int judge4(struct xdp_md *ctx) {
  const struct iphdr *ip = ipv4_header(ctx);

  if (!ip) return XDP_ABORTED;
  if (!ask_rule)
    return answer(value_of(fw_lookup_source4(fw_active_tables(), ip->saddr)));
  return answer(value_of(fw_find4_rule(fw_active_tables() >> FW_FAMILY_IPV4 & 1,
                                       bpf_ntohl(ip->saddr))));
}

SEC("xdp.frags")
int judge6(struct xdp_md *ctx) {
  const struct ipv6hdr *ip = ipv6_header(ctx);
  struct address6 address;

  if (!ip) return XDP_ABORTED;
  address = address6_of(ip);
  return answer(value_of(fw_lookup_source6(fw_active_tables(),
                                           bpf_cpu_to_be64(address.high),
                                           bpf_cpu_to_be64(address.low))));
}

char _license[] SEC("license") = "Dual BSD/GPL";
