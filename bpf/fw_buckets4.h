/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The hash table of IPv4 prefixes longer than /24. Part of fw_find.h, which
 * says what must be defined before. */
#ifndef FW_BUCKETS4_H
#define FW_BUCKETS4_H

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

/* Whether a bucket has a slot with this tag, but for the bits that are
 * `ignored`. Without branches, which would be guessed wrongly: the tags have no
 * bit 31, so that in the difference with one that bit tells whether it was 0.
 * Bit 31 or 63 of the result. The reach lies with the tags; it is no host's,
 * and who does not ask for one gets no more than candidates. */
#define FW_TAG_FOUND 0x8000000080000000ull
static __always_inline __u64 fw_find_tag4(const union fw_line *line, __u32 tag,
                                          __u32 ignored) {
  const __u64 any = (__u64)ignored << 32 | ignored;
  const __u64 tags = (__u64)tag << 32 | tag | any;
  __u64 found = 0;

#pragma clang loop unroll(full)
  for (int i = 0; i < FW_LINE_WORDS; i++)
    found |= ((FW_READ(line->words[i]) | any) ^ tags) - 0x0000000100000001ull;
  return found & FW_TAG_FOUND;
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

/* Where a host belongs, and its tag there without a kind. */
struct fw_home4 {
  __u32 number; /* of the line */
  __u32 tag;
};

static __always_inline struct fw_home4 fw_find_host_home4(
    const struct fw_generation *generation, __u32 address) {
  __u32 shuffled = fw_shuffle32(address, generation->seed);
  __u32 rest_bits = 32 - generation->bucket_bits;
  __u32 rest = shuffled & ((1u << rest_bits) - 1);
  struct fw_home4 home = {
      generation->bucket_slab * FW_SLAB_LINES + (shuffled >> rest_bits),
      rest << FW_TAG_REST_SHIFT | FW_TAG_HOST};

  return home;
}

/* What fw_scan_bucket4 says of a host. Most look-ups ask in vain; they end
 * before the call. */
FW_SUBPROGRAM __u32 fw_probe_host4_on(__u32 number, __u32 tag) {
  const union fw_line *line = fw_line(number);
  __u32 found, reach;

  if (!line) return 0;
  found = fw_scan_bucket4(&line->bucket4, number, tag);
  if (found != 0) return found;
  reach = FW_READ(line->bucket4.reach);
  return reach != 0 ? fw_probe4_on(number, tag, reach) : 0;
}

static __always_inline __u32
fw_probe_host4(const struct fw_generation *generation, __u32 address) {
  struct fw_home4 home = fw_find_host_home4(generation, address);
  const union fw_line *line = fw_line(home.number);

  if (!line) return 0;
  if (!fw_find_tag4(line, home.tag, FW_TAG_KIND) &&
      FW_READ(line->bucket4.reach) == 0)
    return 0;
  return fw_probe_host4_on(home.number, home.tag);
}

/* The entry behind BLOCK_AT, ALLOW_AT or OTHER_AT; it stays when the slot is
 * erased. */
FW_SUBPROGRAM __u32 fw_entry_at(__u32 found, __u32 which) {
  const struct fw_generation *generation = fw_generation(FW_FAMILY_IPV4, which);
  __u32 slot = found & FW_ENTRY_PAYLOAD;
  const union fw_line *line =
      fw_line(slot / FW_LINE_ENTRIES + fw_bucket_lines(generation));

  return line ? FW_READ(line->entries[slot % FW_LINE_ENTRIES]) : 0;
}

/* What was found of the prefixes of 25 to 31 bits, as a number that is smaller
 * for longer ones: the lowest bit of the suffix, which is not part of the
 * prefix, the lines behind its own, the slot from 1 on, the kind. */
#define FW_LONGER_SLOT_SHIFT 2
#define FW_LONGER_DISTANCE_SHIFT 6
#define FW_LONGER_LOWEST_SHIFT 10
#define FW_LONGER_NONE (1ull << 16)

/* The longest one in a line, of those so many lines behind their own, that
 * holds an address and is longer than what was found before. `tag` is that of
 * the address as if all its last bits were suffix. Without branches, of which
 * Linux 6.1 would follow all combinations. */
static __always_inline __u64 fw_scan_longer4(const struct fw_bucket4 *bucket,
                                             __u32 tag, __u32 distance,
                                             __u64 found) {
#pragma clang loop unroll(full)
  for (__u64 i = 0; i < FW_BUCKET4_SLOTS; i++) {
    __u64 slot = FW_READ(bucket->tags[i]);
    __u64 suffix = slot >> FW_TAG_SUFFIX_SHIFT & FW_TAG_SUFFIX_MASK;
    __u64 lowest = suffix & -suffix;
    __u64 differing = (slot ^ tag) >> FW_TAG_SUFFIX_SHIFT;
    __u64 place = (slot & FW_TAG_PLACE) ^ distance << FW_TAG_DISTANCE_SHIFT;
    __u64 kind = slot & FW_TAG_KIND;
    __u64 next, counts;

    next = lowest << FW_LONGER_LOWEST_SHIFT |
           (__u64)distance << FW_LONGER_DISTANCE_SHIFT |
           (i + 1) << FW_LONGER_SLOT_SHIFT | kind;
    /* Whether it does: nothing differs but what is not part of the prefix, it
     * lies where it should, is not free, and is longer. */
    counts = ((differing - 2 * lowest) & (place - 1) & ~(kind - 1) &
              (next - found)) >>
             63;
    /* Else it is a branch. And one slot after the other, or the stack is full
     * of what is half computed. */
    __asm__ volatile("" : "+r"(counts)::"memory");
    found += (next - found) & -counts;
  }
  return found;
}

/* The same, verified once. */
FW_SUBPROGRAM __u64 fw_scan_longer4_at(__u32 number, __u32 tag, __u32 distance,
                                       __u64 found) {
  const union fw_line *line = fw_line(number);

  if (!line) return found;
  return fw_scan_longer4(&line->bucket4, tag, distance, found);
}

/* The same as fw_scan_bucket4 would say it. */
static __always_inline __u32 fw_longer4_at(__u32 number, __u64 found) {
  __u32 kind = (__u32)found & FW_TAG_KIND;
  __u32 slot = (__u32)found >> FW_LONGER_SLOT_SHIFT & (FW_LINE_ENTRIES - 1);

  if (kind == 0) return 0;
  number += (__u32)found >> FW_LONGER_DISTANCE_SHIFT & FW_BUCKET_REACH;
  return ((__u32)FW_ENTRY_BLOCK_AT - FW_TAG_BLOCK + kind)
             << FW_ENTRY_PAYLOAD_BITS |
         (number * FW_LINE_ENTRIES + slot);
}

/* What fw_scan_bucket4 would say, in this line and those behind it that may
 * hold what belongs here. */
FW_SUBPROGRAM __u32 fw_probe_longer4_on(__u32 number, __u32 tag) {
  const union fw_line *line = fw_line(number);
  __u64 found = FW_LONGER_NONE;
  __u32 reach;

  if (!line) return 0;
  found = fw_scan_longer4(&line->bucket4, tag, 0, found);
  reach = FW_READ(line->bucket4.reach);
  if (reach == 0) return fw_longer4_at(number, found);
#pragma clang loop unroll(full)
  for (__u32 i = 1; i <= FW_BUCKET_REACH; i++) {
    found = fw_scan_longer4_at(number + i, tag, i, found);
    if (i == reach) break;
  }
  return fw_longer4_at(number, found);
}

/* Of those of which the first `anchor` bits are shuffled, and whose tags have
 * this flag. Most look-ups ask in
 * vain; they end before the call. */
static __always_inline __u32
fw_probe_longer4(const struct fw_generation *generation, __u32 address,
                 __u32 anchor, __u32 flag) {
  __u32 shuffled =
      fw_shuffle_prefix(address >> (32 - anchor), anchor, generation->seed);
  __u32 rest_bits = anchor - generation->bucket_bits;
  __u32 rest = shuffled & ((1u << rest_bits) - 1);
  __u32 number =
      generation->bucket_slab * FW_SLAB_LINES + (shuffled >> rest_bits);
  __u32 suffix =
      address >> (32 - anchor - FW_TAG_SUFFIX_BITS) & FW_TAG_SUFFIX_MASK;
  __u32 tag = flag | (rest << FW_TAG_SUFFIX_BITS | suffix)
                         << FW_TAG_SUFFIX_SHIFT;
  const union fw_line *line = fw_line(number);

  if (!line) return 0;
  if (!fw_find_tag4(line, tag, FW_TAG_SUFFIX | FW_TAG_ANYWHERE) &&
      FW_READ(line->bucket4.reach) == 0)
    return 0;
  return fw_probe_longer4_on(number, tag);
}

/* What fw_scan_bucket4 says of the longest prefix of 25 to 31 bits that holds
 * an address. */
static __always_inline __u32
fw_find_longer4(const struct fw_generation *generation, __u32 address) {
  __u32 found =
      fw_probe_longer4(generation, address, FW_ANCHOR_LONG, FW_TAG_LONG);

  if (found != 0) return found;
  return fw_probe_longer4(generation, address, FW_ANCHOR_SHORT, 0);
}

#endif
