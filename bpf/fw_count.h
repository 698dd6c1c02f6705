/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The one exit: every packet is counted once. */
#ifndef FW_COUNT_H
#define FW_COUNT_H

#include "bpf/fw_judge.h"
#include "bpf/fw_maps.h"

/* Nobody else adds to this CPU's copy. */
static __always_inline void fw_add(struct fw_counter *counter,
                                   __u32 byte_count) {
  counter->packets++;
  counter->bytes += byte_count;
}

static __always_inline struct fw_counters *fw_my_counters(void) {
  return bpf_map_lookup_elem(&fw_counters, (const void *)&fw_slot_index);
}

/* Not static, so that it is verified once, with arguments of any value: with
 * those of each caller the verifier refuses the index into the counters when
 * CAP_PERFMON is missing. */
__noinline int fw_count_any(__u32 verdict, __u32 reason, __u32 byte_count) {
  struct fw_counters *counters = fw_my_counters();

  if (!counters) return 0;
  fw_add(&counters->by[verdict % FW_VERDICT_MAX][reason % FW_REASON_MAX],
         byte_count);
  return 0;
}

/* Counts the outcome if it is this one. Returns whether it was. */
static __always_inline int fw_count_if(struct fw_outcome outcome, __u32 verdict,
                                       __u32 reason, __u32 byte_count) {
  struct fw_counters *counters;

  if (outcome.verdict != verdict || outcome.reason != reason) return 0;
  counters = fw_my_counters();
  if (counters) fw_add(&counters->by[verdict][reason], byte_count);
  return 1;
}

/* Counts the outcomes that a host sees all day, without a call: returning from
 * one costs as much as the rest. Returns whether it was one of them. */
static __always_inline int fw_count_frequent(struct fw_outcome outcome,
                                             __u32 byte_count) {
  return fw_count_if(outcome, FW_VERDICT_DROP, FW_REASON_SOURCE_BLOCKED,
                     byte_count) ||
         fw_count_if(outcome, FW_VERDICT_PASS, FW_REASON_NO_MATCH,
                     byte_count) ||
         fw_count_if(outcome, FW_VERDICT_PASS, FW_REASON_SOURCE_ALLOWED,
                     byte_count);
}

#endif
