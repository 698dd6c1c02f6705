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

#include "bpf/fw_buckets.h"
#include "bpf/fw_chunk.h"
#include "bpf/fw_table.h"

static __always_inline __u32 fw_goes_on(__u32 entry) {
  __u32 kind = fw_kind_of(entry);

  return kind == FW_ENTRY_SUBTREE || kind == FW_ENTRY_LENGTHS;
}

/* What a subtree says, wherever it is kept. */
static __always_inline struct fw_subtree fw_subtree_of(__u32 entry) {
  __u32 payload = entry & FW_ENTRY_PAYLOAD;
  struct fw_subtree subtree = {0, 0, 0};
  const union fw_line *line;

  if (fw_kind_of(entry) == FW_ENTRY_LENGTHS) {
    subtree.lengths = (payload & 0x7f) | (payload & 0x7full << 7) << 1 |
                      (payload & 0x7full << 14) << 2 |
                      (payload & 0x7full << 21) << 3;
    return subtree;
  }
  line = fw_line(payload / FW_LINE_RECORDS);
  if (!line) return subtree;
  subtree.lengths = FW_READ(line->subtrees[payload % FW_LINE_RECORDS].lengths);
  subtree.background =
      FW_READ(line->subtrees[payload % FW_LINE_RECORDS].background);
  return subtree;
}

/* What is said of the longest prefix below an anchor, or of the anchor. `entry`
 * goes on, `which` is the generation that it belongs to. Hosts have been asked
 * for before. */
FW_SUBPROGRAM __u32 fw_find_below4(__u32 entry, __u32 address, __u32 which) {
  const struct fw_generation *generation = fw_generation(FW_FAMILY_IPV4, which);
  struct fw_subtree subtree = fw_subtree_of(entry);

#pragma clang loop unroll(full)
  for (int i = 0; i < FW_SUBTREE_LENGTHS; i++) {
    __u32 length = FW_CHUNK_LENGTH + (subtree.lengths >> (8 * i) & 0xff);
    __u32 found;

    if (length == FW_CHUNK_LENGTH) break;
    if (length >= 32) continue;
    found = fw_probe4(generation, fw_make_code4(address, length), 0);
    if (found != 0) return found;
  }
  return subtree.background;
}

/* The same; what is found may go on. */
FW_SUBPROGRAM __u32 fw_find_below6(__u32 entry, __u64 high, __u64 low,
                                   __u32 which) {
  const struct fw_generation *generation = fw_generation(FW_FAMILY_IPV6, which);
  struct fw_subtree subtree = fw_subtree_of(entry);

#pragma clang loop unroll(full)
  for (int i = 0; i < FW_SUBTREE_LENGTHS; i++) {
    __u32 length = FW_CHUNK_LENGTH + (subtree.lengths >> (8 * i) & 0xff);
    struct fw_code6 code;
    __u32 found;

    if (length == FW_CHUNK_LENGTH) break;
    code = fw_make_code6(high, low, length);
    found = fw_probe6(generation, &code);
    if (found != 0) return found;
  }
  return subtree.background;
}

/* From subtree to subtree, until an entry is none. */
static __noinline __u32 fw_descend6(__u32 entry, __u64 high, __u64 low,
                                    __u32 which) {
#pragma clang loop unroll_count(FW_SUBTREE_DEPTH)
  for (int i = 0; i < FW_SUBTREE_DEPTH; i++) {
    if (!fw_goes_on(entry)) return entry;
    entry = fw_find_below6(entry, high, low, which);
  }
  return entry;
}

/* The root's word for the first 32 bits of an address, in host byte order. */
static __always_inline __u64
fw_root_word(const struct fw_generation *generation, __u32 address) {
  __u32 index = address >> 16;
  const union fw_line *line;

  if (generation->root_slab == 0) return 0;
  line = fw_line(generation->root_slab * FW_SLAB_LINES + index / FW_LINE_WORDS);
  return line ? FW_READ(line->words[index % FW_LINE_WORDS]) : 0;
}

/* Of a word with a chunk: whether the chunk can say something of the address.
 */
static __always_inline __u32 fw_has_part(__u64 root, __u32 address) {
  __u32 record = (__u32)(root >> FW_ROOT_PARTS_SHIFT);
  __u32 part = (address >> 8 & (FW_CHUNK_PLACES - 1)) / FW_PART_PLACES;
  const union fw_line *line = fw_line(record / FW_LINE_RECORDS);
  __u64 word = record % FW_LINE_RECORDS * FW_PARTS_WORDS;

  /* Else the sum becomes an OR, of which the verifiers of 5.10 and 6.1 do not
   * see that it is bounded. */
  __asm__("" : "+r"(word));
  word += part / 64;
  return line && (FW_READ(line->words[word]) >> part % 64 & 1);
}

/* What is said of an address, in host byte order: NOTHING, BLOCK, ALLOW,
 * MEANING, BLOCK_AT or ALLOW_AT. `which` is the family's generation in force.
 *
 * An entry for the host itself is the answer, whatever else there is; and to
 * ask for it need not wait for the chunk. */
static __always_inline __u32 fw_find4(__u32 which, __u32 address) {
  const struct fw_generation *generation = fw_generation(FW_FAMILY_IPV4, which);
  __u64 root = fw_root_word(generation, address);
  __u32 entry;

  if (!(root & FW_ROOT_CHUNK)) return (__u32)root;
  if (!fw_has_part(root, address)) return 0;
  entry = fw_probe4(generation, address, FW_TAG_HOST);
  if (entry == 0) {
    entry = fw_find_in_chunk(root & FW_ENTRY_PAYLOAD, address);
    if (entry == FW_LOOK_LONGER) return 0;
    if (fw_goes_on(entry)) entry = fw_find_below4(entry, address, which);
  }
  if (fw_kind_of(entry) != FW_ENTRY_OTHER_AT) return entry;
  return fw_entry_at(entry, which);
}

/* The same with the number of the rule, wherever it has to be read from: BLOCK
 * and ALLOW in the place of BLOCK_AT and ALLOW_AT. */
static __always_inline __u32 fw_find4_rule(__u32 which, __u32 address) {
  __u32 found = fw_find4(which, address);

  if (fw_kind_of(found) < FW_ENTRY_BLOCK_AT) return found;
  return fw_entry_at(found, which);
}

static __always_inline __u32 fw_find6(__u32 which, __u64 high, __u64 low) {
  const struct fw_generation *generation = fw_generation(FW_FAMILY_IPV6, which);
  __u32 top = (__u32)(high >> 32);
  __u64 root = fw_root_word(generation, top);
  __u32 entry = (__u32)root;

  if (root & FW_ROOT_CHUNK) {
    if (!fw_has_part(root, top)) return 0;
    entry = fw_find_in_chunk(root & FW_ENTRY_PAYLOAD, top);
  }
  if (entry == FW_LOOK_LONGER) {
    struct fw_code6 code = fw_make_code6(high, low, 32);

    entry = fw_probe6(generation, &code);
  }
  return fw_goes_on(entry) ? fw_descend6(entry, high, low, which) : entry;
}

#endif
