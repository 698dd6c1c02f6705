// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* The XDP program: parse, judge, count. One instance guards one interface. */

#include "bpf/fw_count.h"
#include "bpf/fw_helpers.h"
#include "bpf/fw_judge.h"
#include "bpf/fw_parse.h"
#include "bpf/fw_subprograms.h"

/* The frame from its start. Volatile, so that the compiler reads the pointers
 * anew instead of keeping them on the stack: see fw_set_source4. */
static __always_inline struct fw_cursor fw_start(struct xdp_md *ctx,
                                                 __u32 byte_count) {
  const volatile struct xdp_md *frame = ctx;
  struct fw_cursor cursor = {
      .position = (const __u8 *)(long)frame->data,
      .end = (const __u8 *)(long)frame->data_end,
      .limit = byte_count,
  };

  return cursor;
}

static __always_inline struct fw_outcome fw_judge(struct xdp_md *ctx,
                                                  __u32 byte_count) {
  struct fw_cursor cursor = fw_start(ctx, byte_count);
  struct fw_link link = fw_parse_link(&cursor);

  if (fw_is_vlan(link.ethertype)) {
    fw_follow_tags(ctx, &link);
    cursor = fw_start(ctx, byte_count);
    fw_skip(&cursor, ETH_HLEN);
    fw_skip_tags(&cursor, link.tag_count);
  }
  if (link.ethertype == ETH_P_IP) return fw_judge_ipv4(&cursor);
  if (link.ethertype == ETH_P_IPV6) return fw_judge_ipv6(ctx, &cursor);
  return fw_judge_link(link.ethertype);
}

static __always_inline int fw_filter(struct xdp_md *ctx, __u32 byte_count) {
  struct fw_outcome outcome = fw_judge(ctx, byte_count);

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
