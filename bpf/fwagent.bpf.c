// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* The XDP program: parse, judge, count. One instance guards one interface. */

#include "bpf/fw_answer.h"
#include "bpf/fw_count.h"
#include "bpf/fw_failsafe.h"
#include "bpf/fw_helpers.h"
#include "bpf/fw_judge.h"
#include "bpf/fw_parse.h"
#include "bpf/fw_subprograms.h"

/* Behind the tags; `is_strict` as in fw_judge_ipv4. */
static __always_inline struct fw_outcome fw_judge_at(struct xdp_md *ctx,
                                                     __u32 ethertype,
                                                     struct fw_place place,
                                                     int is_strict) {
  __u32 active = fw_active_tables();

  if (ethertype == ETH_P_IP)
    return fw_judge_ipv4(ctx, place, active, is_strict);
  if (ethertype == ETH_P_IPV6)
    return fw_judge_ipv6(ctx, place, active, is_strict);
  return fw_judge_link(ethertype, active);
}

/* Any frame, for any verifier. */
static __always_inline struct fw_outcome fw_judge_any(struct xdp_md *ctx,
                                                      __u64 byte_count) {
  struct fw_cursor cursor = fw_start(ctx, byte_count);
  struct fw_link link = fw_parse_link(&cursor);
  struct fw_place place = {byte_count, 0};

  if (fw_is_vlan(link.ethertype)) {
    fw_follow_tags(ctx, &link);
    place.tag_count = link.tag_count;
  }
  return fw_judge_at(ctx, link.ethertype, place, 1);
}

/* The same, verified apart from who calls it. */
__noinline __u64 fw_judge_apart(struct xdp_md *ctx, __u64 byte_count) {
  return fw_pack_outcome(fw_judge_any(ctx, byte_count));
}

/* A frame without tags, or with one, is judged here, where it is known at what
 * place its IP header begins. */
static __always_inline struct fw_outcome fw_judge(struct xdp_md *ctx,
                                                  __u64 byte_count) {
  struct fw_cursor cursor = fw_start(ctx, byte_count);
  struct fw_link link = fw_parse_link(&cursor);
  struct fw_place place = {byte_count, 0};

  if (!fw_is_vlan(link.ethertype))
    return fw_judge_at(ctx, link.ethertype, place, 0);
  link.ethertype = fw_parse_tag(&cursor);
  place.tag_count = 1;
  if (!fw_is_vlan(link.ethertype))
    return fw_judge_at(ctx, link.ethertype, place, 0);
  return fw_unpack_outcome(fw_judge_apart(ctx, byte_count));
}

static __always_inline int fw_act(struct xdp_md *ctx, struct fw_outcome outcome,
                                  __u64 byte_count) {
  if (outcome.verdict == FW_VERDICT_REJECT) return fw_answer(ctx, byte_count);
  return outcome.verdict == FW_VERDICT_DROP ? XDP_DROP : XDP_PASS;
}

static __always_inline __u64 fw_first_buffer_bytes(struct xdp_md *ctx) {
  return (long)ctx->data_end - (long)ctx->data;
}

/* Counts what was decided, unless the packet is spared. Verified apart, as what
 * is done here would be done for every way through the judgement. */
__noinline int fw_finish(struct xdp_md *ctx, __u64 byte_count, __u64 packed) {
  struct fw_outcome outcome =
      fw_spare(ctx, byte_count, fw_unpack_outcome(packed));

  fw_count_any(outcome.verdict, outcome.reason, byte_count);
  return fw_act(ctx, outcome, byte_count);
}

/* Judges and counts a frame of this length. */
__noinline int fw_filter_whole(struct xdp_md *ctx, __u64 byte_count) {
  return fw_finish(ctx, byte_count, fw_judge_apart(ctx, byte_count));
}

/* The reasons that a packet which is not all there may get. */
#define FW_REASONS_CUT                                                  \
  (1u << FW_REASON_MALFORMED_IP | 1u << FW_REASON_MALFORMED_TRANSPORT | \
   1u << FW_REASON_TOO_DEEP | 1u << FW_REASON_NOT_IP)

/* Takes the first buffer for the frame: asking for its length costs a call, and
 * returning from one as much as all the rest. An IP packet that goes on in
 * other buffers then looks cut off; what looks so is judged again, with the
 * length that is asked. */
SEC("xdp")
int fwagent(struct xdp_md *ctx) {
  __u64 byte_count = fw_first_buffer_bytes(ctx);
  struct fw_outcome outcome = fw_judge(ctx, byte_count);

  if (FW_REASONS_CUT >> outcome.reason % FW_REASON_MAX & 1) {
    __u64 whole = bpf_xdp_get_buff_len(ctx);

    /* Only then, as judging takes of rate limits and counts hits. */
    if (whole != byte_count) return fw_filter_whole(ctx, whole);
  }
  outcome = fw_spare(ctx, byte_count, outcome);
  fw_count(outcome.verdict, outcome.reason, byte_count);
  if (outcome.verdict == FW_VERDICT_REJECT)
    return fw_answer(ctx, bpf_xdp_get_buff_len(ctx));
  return fw_act(ctx, outcome, byte_count);
}

/* Without CAP_PERFMON, which the subtraction takes. */
SEC("?xdp")
int fwagent_strict(struct xdp_md *ctx) {
  __u64 byte_count = bpf_xdp_get_buff_len(ctx);
  struct fw_outcome outcome = fw_judge_any(ctx, byte_count);

  return fw_finish(ctx, byte_count, fw_pack_outcome(outcome));
}

/* For kernels older than 5.18, which have neither that helper nor frames in
 * several buffers. */
SEC("?xdp")
int fwagent_compat(struct xdp_md *ctx) {
  __u64 byte_count = fw_first_buffer_bytes(ctx);
  struct fw_outcome outcome = fw_judge(ctx, byte_count);

  return fw_finish(ctx, byte_count, fw_pack_outcome(outcome));
}

char fw_license[] SEC("license") = "Dual BSD/GPL";
