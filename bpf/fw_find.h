/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What the source tables say of an address. Pure: compiles for the kernel and,
 * as C++, for the host. Who includes it defines first
 *   const union fw_line *fw_line(__u32 number);        NULL: no such line
 *   const struct fw_generation *fw_generation(__u32 family, __u32 which);
 *   FW_READ(place)    reads what another thread may be writing
 *   FW_SUBPROGRAM     in front of functions that are verified once, for any
 *                     arguments: see fw_subprograms.h */
#ifndef FW_FIND_H
#define FW_FIND_H

#include "bpf/fw_table.h"

/* The entry of a code in one line; 0 for none. */
static __always_inline __u32 fw_scan_bucket4(const struct fw_bucket4 *bucket,
                                             __u64 code) {
#pragma clang loop unroll(full)
  for (int i = 0; i < FW_BUCKET4_SLOTS; i++) {
    __u64 rest = FW_READ(bucket->slots[i]) ^ code << FW_ENTRY_BITS;

    if (rest >> FW_ENTRY_BITS == 0) return (__u32)rest;
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

/* The entry of a code; 0 for none. */
static __always_inline __u32 fw_probe4(const struct fw_generation *generation,
                                       __u64 code) {
  __u32 number =
      generation->bucket_slab * FW_SLAB_LINES +
      fw_home4(code, generation->multiplier, generation->bucket_count);
  __u64 reach = 0;

#pragma clang loop unroll(full)
  for (__u32 i = 0; i <= FW_BUCKET_REACH; i++) {
    const union fw_line *line = fw_line(number + i);
    __u32 entry;

    if (!line) return 0;
    entry = fw_scan_bucket4(&line->bucket4, code);
    if (entry != 0) return entry;
    if (i == 0) reach = FW_READ(line->bucket4.reach);
    if (reach <= i) return 0;
  }
  return 0;
}

static __always_inline __u32 fw_probe6(const struct fw_generation *generation,
                                       const struct fw_code6 *code) {
  __u32 number =
      generation->bucket_slab * FW_SLAB_LINES +
      fw_home6(code, generation->multiplier, generation->bucket_count);
  __u32 reach = 0;

#pragma clang loop unroll(full)
  for (__u32 i = 0; i <= FW_BUCKET_REACH; i++) {
    const union fw_line *line = fw_line(number + i);
    __u32 entry;

    if (!line) return 0;
    entry = fw_scan_bucket6(&line->bucket6, code);
    if (entry != 0) return entry;
    if (i == 0) reach = FW_READ(line->bucket6.reach);
    if (reach <= i) return 0;
  }
  return 0;
}

/* NULL when there is none. */
static __always_inline const struct fw_subtree *fw_subtree_of(__u32 entry) {
  __u32 record = entry & FW_ENTRY_PAYLOAD;
  const union fw_line *line = fw_line(record / FW_LINE_RECORDS);

  return line ? &line->subtrees[record % FW_LINE_RECORDS] : NULL;
}

/* The entry of the longest prefix below an anchor, or that of the anchor.
 * `entry` is a subtree, `which` the generation that it belongs to. */
FW_SUBPROGRAM __u32 fw_find_below4(__u32 entry, __u32 address, __u32 which) {
  const struct fw_generation *generation = fw_generation(FW_FAMILY_IPV4, which);
  const struct fw_subtree *subtree = fw_subtree_of(entry);
  __u64 lengths;

  if (!subtree) return 0;
  lengths = FW_READ(subtree->lengths);
#pragma clang loop unroll(full)
  for (int i = 0; i < FW_SUBTREE_LENGTHS; i++) {
    __u32 length = lengths >> (8 * i) & 0xff;
    __u32 found;

    if (length == 0) break;
    found = fw_probe4(generation, fw_make_code4(address, length));
    if (found != 0) return found;
  }
  return FW_READ(subtree->background);
}

/* The same; what is found may be another subtree. */
FW_SUBPROGRAM __u32 fw_find_below6(__u32 entry, __u64 high, __u64 low,
                                   __u32 which) {
  const struct fw_generation *generation = fw_generation(FW_FAMILY_IPV6, which);
  const struct fw_subtree *subtree = fw_subtree_of(entry);
  __u64 lengths;

  if (!subtree) return 0;
  lengths = FW_READ(subtree->lengths);
#pragma clang loop unroll(full)
  for (int i = 0; i < FW_SUBTREE_LENGTHS; i++) {
    __u32 length = lengths >> (8 * i) & 0xff;
    struct fw_code6 code;
    __u32 found;

    if (length == 0) break;
    code = fw_make_code6(high, low, length);
    found = fw_probe6(generation, &code);
    if (found != 0) return found;
  }
  return FW_READ(subtree->background);
}

/* From subtree to subtree, until an entry is none. */
static __noinline __u32 fw_descend6(__u32 entry, __u64 high, __u64 low,
                                    __u32 which) {
#pragma clang loop unroll_count(FW_SUBTREE_DEPTH)
  for (int i = 0; i < FW_SUBTREE_DEPTH; i++) {
    if (fw_kind_of(entry) != FW_ENTRY_SUBTREE) return entry;
    entry = fw_find_below6(entry, high, low, which);
  }
  return entry;
}

/* Counts the bits of each byte of a word: BPF has no instruction for it. */
static __always_inline __u64 fw_count_in_bytes(__u64 word) {
  word -= word >> 1 & 0x5555555555555555ull;
  word = (word & 0x3333333333333333ull) + (word >> 2 & 0x3333333333333333ull);
  return (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0full;
}

/* How many entries of a chunk begin at a place or before it: at most 256, in
 * four words with at most 8 bits in a byte. */
static __always_inline __u32 fw_rank(const struct fw_chunk *chunk,
                                     __u32 place) {
  __u64 bytes = 0;

#pragma clang loop unroll(full)
  for (__u32 i = 0; i < FW_CHUNK_WORDS; i++) {
    __u64 begins = FW_READ(chunk->covered[i]) & FW_READ(chunk->longer[i]);

    if (place / 64 == i) begins &= ~0ull >> (63 - place % 64);
    if (place / 64 >= i) bytes += fw_count_in_bytes(begins);
  }
  /* In halves: 256 does not fit in the upper byte of the product. */
  bytes =
      (bytes & 0x00ff00ff00ff00ffull) + (bytes >> 8 & 0x00ff00ff00ff00ffull);
  return (__u32)(bytes * 0x0001000100010001ull >> 48);
}

/* Stands for "look for the prefix of 32 bits, there is nothing else". */
#define FW_LOOK_LONGER (FW_ENTRY_CHUNK << FW_ENTRY_PAYLOAD_BITS)

static __always_inline __u32 fw_find_in_chunk(__u32 number, __u32 address) {
  const union fw_line *line = fw_line(number);
  __u32 place = address >> 8 & 0xff;
  __u32 index;

  if (!line) return 0;
  if (!(FW_READ(line->chunk.covered[place / 64]) >> place % 64 & 1)) {
    __u64 longer = FW_READ(line->chunk.longer[place / 64]) >> place % 64;

    return longer & 1 ? FW_LOOK_LONGER : 0;
  }
  index = fw_rank(&line->chunk, place) - 1;
  line = fw_line(number + 1 + index / FW_LINE_ENTRIES);
  return line ? FW_READ(line->entries[index % FW_LINE_ENTRIES]) : 0;
}

/* By the first 32 bits of an address, in host byte order. */
static __always_inline __u32
fw_find_short(const struct fw_generation *generation, __u32 address) {
  __u32 number = generation->root_slab * FW_SLAB_LINES + (address >> 20);
  const union fw_line *line;
  __u32 entry;

  if (generation->root_slab == 0) return 0;
  line = fw_line(number);
  if (!line) return 0;
  entry = FW_READ(line->entries[address >> 16 & (FW_LINE_ENTRIES - 1)]);
  if (fw_kind_of(entry) != FW_ENTRY_CHUNK) return entry;
  return fw_find_in_chunk(entry & FW_ENTRY_PAYLOAD, address);
}

/* What is said of an address, in host byte order: NOTHING, BLOCK, ALLOW or
 * MEANING. `which` is the family's generation in force. */
static __always_inline __u32 fw_find4(__u32 which, __u32 address) {
  const struct fw_generation *generation = fw_generation(FW_FAMILY_IPV4, which);
  __u32 entry = fw_find_short(generation, address);

  if (entry == FW_LOOK_LONGER)
    return fw_probe4(generation, fw_make_code4(address, 32));
  if (fw_kind_of(entry) != FW_ENTRY_SUBTREE) return entry;
  return fw_find_below4(entry, address, which);
}

static __always_inline __u32 fw_find6(__u32 which, __u64 high, __u64 low) {
  const struct fw_generation *generation = fw_generation(FW_FAMILY_IPV6, which);
  __u32 entry = fw_find_short(generation, (__u32)(high >> 32));

  if (entry == FW_LOOK_LONGER) {
    struct fw_code6 code = fw_make_code6(high, low, 32);

    entry = fw_probe6(generation, &code);
  }
  if (fw_kind_of(entry) != FW_ENTRY_SUBTREE) return entry;
  return fw_descend6(entry, high, low, which);
}

#endif
