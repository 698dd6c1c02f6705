/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What is said of a packet, and where in its frame the IP header is. */
#ifndef FW_OUTCOME_H
#define FW_OUTCOME_H

#include "bpf/fw_abi.h"
#include "bpf/fw_cursor.h"
#include "bpf/fw_helpers.h"
#include "bpf/fw_parse.h"

struct fw_outcome {
  __u32 verdict; /* enum fw_verdict */
  __u32 reason;  /* enum fw_reason */
};

static __always_inline struct fw_outcome fw_drop_if(int condition,
                                                    enum fw_reason reason) {
  struct fw_outcome outcome = {condition ? FW_VERDICT_DROP : FW_VERDICT_PASS,
                               reason};

  return outcome;
}

static __always_inline struct fw_outcome fw_pass(enum fw_reason reason) {
  return fw_drop_if(0, reason);
}

/* In one number, which a function that is verified once may return. */
static __always_inline __u64 fw_pack_outcome(struct fw_outcome outcome) {
  return (__u64)outcome.verdict << 32 | outcome.reason;
}

static __always_inline struct fw_outcome fw_unpack_outcome(__u64 packed) {
  struct fw_outcome outcome = {packed >> 32, (__u32)packed};

  return outcome;
}

/* Of a packet that is answered, what its later fragments are told. */
static __always_inline __u32 fw_without_answer(__u32 verdict) {
  return verdict == FW_VERDICT_REJECT ? FW_VERDICT_DROP : verdict;
}

/* Where an IP header may begin. */
struct fw_place {
  __u64 byte_count; /* of the frame */
  __u64 tag_count;  /* in front of it */
};

/* Volatile, so that the compiler reads the pointers anew instead of keeping
 * them on the stack: see fw_set_keys. */
static __always_inline struct fw_cursor fw_start(struct xdp_md *ctx,
                                                 __u64 byte_count) {
  const volatile struct xdp_md *frame = ctx;
  struct fw_cursor cursor = {
      .position = (const __u8 *)(long)frame->data,
      .end = (const __u8 *)(long)frame->data_end,
      .limit = byte_count,
  };

  return cursor;
}

static __always_inline struct fw_cursor fw_at_ip(struct xdp_md *ctx,
                                                 struct fw_place place) {
  struct fw_cursor cursor = fw_start(ctx, place.byte_count);

  fw_skip(&cursor, ETH_HLEN);
  fw_skip_tags(&cursor, place.tag_count);
  return cursor;
}

#endif
