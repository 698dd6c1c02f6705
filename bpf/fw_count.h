/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The one exit: every packet is counted once. */
#ifndef FW_COUNT_H
#define FW_COUNT_H

#include "bpf/fw_judge.h"
#include "bpf/fw_maps.h"

/* Nobody else adds to this CPU's copy. */
static __always_inline void fw_add(struct fw_counter *counter,
                                   __u64 byte_count) {
  counter->packets++;
  counter->bytes += byte_count;
}

static __always_inline struct fw_counters *fw_my_counters(void) {
  return bpf_map_lookup_elem(&fw_counters, (const void *)&fw_slot_index);
}

/* The index takes CAP_PERFMON, and old verifiers much time. */
static __always_inline void fw_count(__u32 verdict, __u32 reason,
                                     __u64 byte_count) {
  struct fw_counters *counters = fw_my_counters();

  if (counters)
    fw_add(&counters->by[verdict % FW_VERDICT_MAX][reason % FW_REASON_MAX],
           byte_count);
}

/* Not static, so that it is verified once, with arguments of any value: with
 * those of each caller the verifier refuses the index into the counters when
 * CAP_PERFMON is missing. */
__noinline int fw_count_any(__u32 verdict, __u32 reason, __u64 byte_count) {
  fw_count(verdict, reason, byte_count);
  return 0;
}

#endif
