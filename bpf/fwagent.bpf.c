// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* The XDP program: parse, judge, count. One instance guards one interface. */
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

#include "bpf/fw_walk.h"
#include "bpf/fw_count.h"
#include "bpf/fw_judge.h"
#include "bpf/fw_parse.h"
#include "bpf/fw_subprograms.h"

static __always_inline int fw_filter(struct xdp_md *ctx, __u32 byte_count) {
  struct fw_cursor cursor = {
      .position = (const __u8 *)(long)ctx->data,
      .end = (const __u8 *)(long)ctx->data_end,
      .limit = byte_count,
  };
  struct fw_link link = fw_parse_link(&cursor);
  struct fw_packet packet;
  struct fw_outcome outcome;
  union fw_source source;

  if (fw_is_vlan(link.ethertype)) fw_follow_tags(ctx, &link);
  fw_parse_network(&cursor, link, &packet, &source);
  if (packet.network == FW_NETWORK_IPV6 &&
      packet.transport.extent == FW_EXTENT_CHAIN)
    fw_follow_chain(ctx, &packet.chain, &packet.transport);

  outcome = fw_judge(&packet, &source);
  fw_count(outcome.verdict, outcome.reason, byte_count);
  return outcome.verdict == FW_VERDICT_DROP ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int fwagent(struct xdp_md *ctx) {
  return fw_filter(ctx, (__u32)bpf_xdp_get_buff_len(ctx));
}

/* The same for kernels older than 5.18, which lack that helper: to be loaded
 * there instead. The subtraction takes CAP_PERFMON; on such kernels reading a
 * packet at all does. */
SEC("?xdp")
int fwagent_compat(struct xdp_md *ctx) {
  return fw_filter(ctx, ctx->data_end - ctx->data);
}

char fw_license[] SEC("license") = "Dual BSD/GPL";
