/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The one exit: every packet is counted once. */
#ifndef FW_COUNT_H
#define FW_COUNT_H

#include "bpf/fw_judge.h"
#include "bpf/fw_maps.h"

/* Not static, so that it is verified once, with arguments of any value: with
 * those of each caller the verifier refuses the index into the counters when
 * CAP_PERFMON is missing. */
__noinline int fw_count(__u32 verdict, __u32 reason, __u32 byte_count) {
  struct fw_counters *counters =
      bpf_map_lookup_elem(&fw_counters, (const void *)&fw_slot_index);
  struct fw_counter *counter;

  if (!counters) return 0;
  counter = &counters->by[verdict % FW_VERDICT_MAX][reason % FW_REASON_MAX];
  /* Nobody else adds to this CPU's copy. */
  counter->packets++;
  counter->bytes += byte_count;
  return 0;
}

#endif
