/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The hash tables of everything longer than /24. Part of fw_find.h, which says
 * what must be defined before. */
#ifndef FW_BUCKETS_H
#define FW_BUCKETS_H

#include "bpf/fw_table.h"

/* The slot of a tag, without its kind, in the line with this number: BLOCK_AT,
 * ALLOW_AT or OTHER_AT; 0 for none. In 64 bits, which BPF computes with: 0, no
 * kind at all, becomes the largest number. */
static __always_inline __u32 fw_scan_bucket4(const struct fw_bucket4 *bucket,
                                             __u32 number, __u64 tag) {
#pragma clang loop unroll(full)
  for (__u32 i = 0; i < FW_BUCKET4_SLOTS; i++) {
    __u64 kind = FW_READ(bucket->tags[i]);

    __asm__("" : "+r"(kind)); /* else it is kept to 32 bits, by two shifts */
    kind ^= tag;
    if (kind - 1 < FW_TAG_KIND)
      return ((__u32)FW_ENTRY_BLOCK_AT - FW_TAG_BLOCK + (__u32)kind)
                 << FW_ENTRY_PAYLOAD_BITS |
             (number * FW_LINE_ENTRIES + 1 + i);
  }
  return 0;
}

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

static __always_inline __u32
fw_bucket_lines(const struct fw_generation *generation) {
  return generation->bucket_count + FW_BUCKET_REACH;
}

/* The lines behind the first one, which few prefixes need. */
FW_SUBPROGRAM __u32 fw_probe4_on(__u32 number, __u32 tag, __u32 reach) {
#pragma clang loop unroll(full)
  for (__u32 i = 1; i <= FW_BUCKET_REACH; i++) {
    const union fw_line *line = fw_line(number + i);
    __u32 found;

    if (!line) return 0;
    found = fw_scan_bucket4(&line->bucket4, number + i,
                            tag | i << FW_TAG_DISTANCE_SHIFT);
    if (found != 0 || i == reach) return found;
  }
  return 0;
}

/* What fw_scan_bucket4 says of a code; `host` is FW_TAG_HOST or 0. */
static __always_inline __u32 fw_probe4(const struct fw_generation *generation,
                                       __u32 code, __u32 host) {
  __u32 shuffled = fw_shuffle4(code, generation->seed);
  __u32 rest_bits = 32 - generation->bucket_bits;
  __u32 rest = shuffled & ((1u << rest_bits) - 1);
  __u32 tag = rest << FW_TAG_REST_SHIFT | host;
  __u32 number =
      generation->bucket_slab * FW_SLAB_LINES + (shuffled >> rest_bits);
  const union fw_line *line = fw_line(number);
  __u32 found, reach;

  if (!line) return 0;
  found = fw_scan_bucket4(&line->bucket4, number, tag);
  if (found != 0) return found;
  reach = FW_READ(line->bucket4.reach);
  return reach != 0 ? fw_probe4_on(number, tag, reach) : 0;
}

/* The entry behind BLOCK_AT, ALLOW_AT or OTHER_AT; 0 when it is gone. */
FW_SUBPROGRAM __u32 fw_entry_at(__u32 found, __u32 which) {
  const struct fw_generation *generation = fw_generation(FW_FAMILY_IPV4, which);
  __u32 slot = found & FW_ENTRY_PAYLOAD;
  const union fw_line *line =
      fw_line(slot / FW_LINE_ENTRIES + fw_bucket_lines(generation));

  return line ? FW_READ(line->entries[slot % FW_LINE_ENTRIES]) : 0;
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
