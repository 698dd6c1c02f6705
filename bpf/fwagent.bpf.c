// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* The XDP program: parse, judge, count. One instance guards one interface. */
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

#include "bpf/fw_walk.h"
#include "bpf/fw_count.h"
#include "bpf/fw_judge.h"
#include "bpf/fw_measure.h"
#include "bpf/fw_parse.h"
#include "bpf/fw_subprograms.h"

static __always_inline int fw_filter(struct xdp_md *ctx, __u32 byte_count) {
  const void *frame = (const void *)(long)ctx->data;
  const void *frame_end = (const void *)(long)ctx->data_end;
  struct fw_link link = fw_parse_link(frame, frame_end);
  struct fw_packet packet;
  struct fw_outcome outcome;

  if (fw_is_vlan(link.ethertype)) link = fw_follow_tags(ctx);
  fw_parse(frame, frame_end, byte_count, link, &packet);
  if (packet.transport.extent == FW_EXTENT_CHAIN)
    packet.transport = fw_follow_chain(ctx, packet.chain);
  outcome = fw_judge(&packet);
  fw_count(outcome.verdict, outcome.reason, byte_count);
  return outcome.verdict == FW_VERDICT_DROP ? XDP_DROP : XDP_PASS;
}

/* Linux 5.18 and newer. */
SEC("xdp")
int fwagent(struct xdp_md *ctx) {
  return fw_filter(ctx, (__u32)bpf_xdp_get_buff_len(ctx));
}

/* Older kernels, which lack that helper: the agent loads this one instead. */
SEC("?xdp")
int fwagent_compat(struct xdp_md *ctx) {
  return fw_filter(ctx, fw_measure(ctx));
}

char fw_license[] SEC("license") = "Dual BSD/GPL";
