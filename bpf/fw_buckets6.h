/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The hash table of IPv6 prefixes longer than /24. Part of fw_find.h, which
 * says what must be defined before. */
#ifndef FW_BUCKETS6_H
#define FW_BUCKETS6_H

#include "bpf/fw_table.h"

/* The entry first: once there is one, the code beside it does not change. */
static __always_inline __u32 fw_scan_bucket6(const struct fw_bucket6 *bucket,
                                             const struct fw_code6 *code) {
#pragma clang loop unroll(full)
  for (int i = 0; i < FW_BUCKET6_SLOTS; i++) {
    __u32 entry = FW_READ(bucket->entries[i]) ^ code->host;

    if (entry != 0 && entry <= FW_ENTRY_MASK &&
        FW_READ(bucket->low[i]) == code->low &&
        FW_READ(bucket->high[i]) == code->high)
      return entry;
  }
  return 0;
}

FW_SUBPROGRAM __u32 fw_probe6_on(__u32 number, __u64 high, __u64 low,
                                 __u32 host, __u32 reach) {
  const struct fw_code6 code = {high, low, host};

#pragma clang loop unroll(full)
  for (__u32 i = 1; i <= FW_BUCKET_REACH; i++) {
    const union fw_line *line = fw_line(number + i);
    __u32 entry;

    if (!line) return 0;
    entry = fw_scan_bucket6(&line->bucket6, &code);
    if (entry != 0 || i == reach) return entry;
  }
  return 0;
}

/* The entry of a code; 0 for none. */
static __always_inline __u32 fw_probe6(const struct fw_generation *generation,
                                       const struct fw_code6 *code) {
  __u32 number = generation->bucket_slab * FW_SLAB_LINES +
                 fw_home6(code, generation->seed, generation->bucket_count);
  const union fw_line *line = fw_line(number);
  __u32 entry, reach;

  if (!line) return 0;
  entry = fw_scan_bucket6(&line->bucket6, code);
  if (entry != 0) return entry;
  reach = FW_READ(line->bucket6.reach);
  return reach != 0
             ? fw_probe6_on(number, code->high, code->low, code->host, reach)
             : 0;
}

#endif
