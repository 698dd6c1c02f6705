// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* What the filter would cost if there were plain packets only: Ethernet, IPv4
 * without fragments, TCP and UDP; no tags, nothing cut off, one buffer.
 * Look-ups and counting are the filter's own. */

#include "bpf/fw_count.h"
#include "bpf/fw_helpers.h"
#include "bpf/fw_judge.h"

static __always_inline struct fw_outcome plain_judge_behind(
    __u32 active, const struct iphdr *ip, const void *end) {
  const struct fw_ports *ports = (const void *)((const __u8 *)ip + ip->ihl * 4);

  if (ip->protocol != IPPROTO_TCP && ip->protocol != IPPROTO_UDP)
    return fw_pass(FW_REASON_NO_MATCH);
  if ((const void *)(ports + 1) > end)
    return fw_drop_if(1, FW_REASON_MALFORMED_TRANSPORT);
  return fw_judge_port(active, ip->protocol == IPPROTO_UDP,
                       bpf_ntohs(ports->destination), 4);
}

static __always_inline struct fw_outcome plain_judge(struct xdp_md *ctx) {
  const struct fw_ethernet *ethernet = (const void *)(long)ctx->data;
  const void *end = (const void *)(long)ctx->data_end;
  const struct iphdr *ip = (const void *)(ethernet + 1);
  __u32 active = fw_active_tables();
  __u32 verdict;

  if ((const void *)(ip + 1) > end ||
      ethernet->ethertype != bpf_htons(ETH_P_IP))
    return fw_pass(FW_REASON_NOT_IP);
  verdict = fw_verdict_of(fw_lookup_source4(active, ip->saddr));
  if (verdict == FW_ENTRY_BLOCK) return fw_drop_if(1, FW_REASON_SOURCE_BLOCKED);
  if (verdict == FW_ENTRY_ALLOW) return fw_pass(FW_REASON_SOURCE_ALLOWED);
  return plain_judge_behind(active, ip, end);
}

SEC("xdp.frags")
int plain_parser(struct xdp_md *ctx) {
  struct fw_outcome outcome = plain_judge(ctx);

  fw_count(outcome.verdict, outcome.reason, ctx->data_end - ctx->data);
  return outcome.verdict == FW_VERDICT_DROP ? XDP_DROP : XDP_PASS;
}

char plain_license[] SEC("license") = "Dual BSD/GPL";
