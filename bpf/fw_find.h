/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What the source tables say of an address. Pure: compiles for the kernel and,
 * as C++, for the host. Who includes it defines first
 *   const union fw_line *fw_line(__u32 number);        NULL: no such line
 *   const struct fw_generation *fw_generation(__u32 family, __u32 which);
 *   const __u64 *fw_used_word(__u32 index);        NULL: no such word
 *   FW_READ(place)    reads what another thread may be writing
 *   FW_SUBPROGRAM     in front of functions that are verified once, for any
 *                     arguments: see fw_subprograms.h */
#ifndef FW_FIND_H
#define FW_FIND_H

#include "bpf/fw_buckets4.h"
#include "bpf/fw_buckets6.h"
#include "bpf/fw_chunk.h"
#include "bpf/fw_table.h"

/* By one comparison: after two, old verifiers follow every combination of
 * kinds along a descent. */
static __always_inline __u32 fw_goes_on(__u32 entry) {
  FW_ASSERT(
      FW_ENTRY_SUBTREE % 2 == 0 && FW_ENTRY_LENGTHS == FW_ENTRY_SUBTREE + 1,
      "kinds that differ in one bit");
  return entry >> (FW_ENTRY_PAYLOAD_BITS + 1) == FW_ENTRY_SUBTREE / 2;
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

/* What is said of the longest prefix below an anchor, or of the anchor; what is
 * found may go on. `entry` goes on, `which` is the generation that it belongs
 * to. */
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
FW_SUBPROGRAM __u32 fw_descend6(__u32 entry, __u64 high, __u64 low,
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
  __u64 word = record % FW_LINE_RECORDS * FW_PARTS_WORDS;
  const union fw_line *line;

  /* Else the sum becomes an OR, of which the verifiers of 5.10 and 6.1 do not
   * see that it is bounded. Before the line is asked for: where the way of a
   * line that is not there meets that of one that is before the two part, 6.1
   * refuses the program without CAP_PERFMON. */
  __asm__("" : "+r"(word));
  word += part / 64;
  line = fw_line(record / FW_LINE_RECORDS);
  return line ? (__u32)(FW_READ(line->words[word]) >> part % 64) & 1 : 0;
}

/* Whether something may be said of an address in host byte order. */
static __always_inline int fw_is_used(__u32 address) {
  const __u64 *word = fw_used_word(address >> 16);
  __u32 bit = (address >> 8) % FW_CHUNK_PLACES / FW_USED_PLACES;

  return word && FW_READ(*word) >> bit & 1;
}

/* What the front says of an address, in host byte order: an enum fw_front. */
static __always_inline __u32 fw_front_at(const struct fw_generation *generation,
                                         __u32 address) {
  __u32 slab = FW_READ(generation->front_slabs[address >> 28]);
  const union fw_line *line =
      fw_line(slab * FW_SLAB_LINES | (address >> 16) % FW_SLAB_LINES);
  __u32 place = (address >> 8) % FW_CHUNK_PLACES;

  if (!line) return FW_FRONT_NOTHING;
  return FW_READ(line->words[place / FW_FRONT_PLACES]) >>
             place % FW_FRONT_PLACES * FW_FRONT_BITS &
         ((1 << FW_FRONT_BITS) - 1);
}

/* What prefixes of up to 24 bits say; `root` has a chunk. */
static __always_inline __u32 fw_find_shorter4(__u64 root, __u32 address) {
  __u32 entry = fw_find_in_chunk(root & FW_ENTRY_PAYLOAD, address);

  if (!fw_goes_on(entry)) return entry;
  return fw_subtree_of(entry).background;
}

/* What the tables behind the front say: NOTHING, BLOCK, ALLOW, MEANING,
 * TIMED, BLOCK_AT, ALLOW_AT or OTHER_AT. An entry for the host itself is the
 * answer, whatever else there is; what says the same of a whole /16 leaves room
 * for none. */
static __always_inline __u32 fw_entry_behind4(__u32 which, __u32 address,
                                              __u32 front) {
  const struct fw_generation *generation = fw_generation(FW_FAMILY_IPV4, which);
  __u64 root;
  __u32 entry;

  if (front == FW_FRONT_HOSTS) return fw_probe_host4(generation, address);
  root = fw_root_word(generation, address);
  if (!(root & FW_ROOT_CHUNK)) return (__u32)root;
  entry = fw_probe_host4(generation, address);
  if (entry == 0) entry = fw_find_longer4(generation, address);
  if (entry == 0) entry = fw_find_shorter4(root, address);
  return entry;
}

/* The same without OTHER_AT. */
FW_SUBPROGRAM __u32 fw_find4_behind(__u32 which, __u32 address, __u32 front) {
  __u32 entry = fw_entry_behind4(which, address, front);

  if (fw_kind_of(entry) != FW_ENTRY_OTHER_AT) return entry;
  return fw_entry_at(entry, which);
}

/* What is said of an address: as above, but where it is blocked the number of
 * the rule may be missing. `which` is the family's generation in force.
 *
 * Front and bucket are asked side by side, and one branch, which is guessed
 * right wherever most packets have the same fate, looks at both. */
static __always_inline __u32 fw_find4(__u32 which, __u32 address) {
  const struct fw_generation *generation = fw_generation(FW_FAMILY_IPV4, which);
  struct fw_home4 home;
  const union fw_line *line;
  __u32 front;
  __u64 found;

  if (!fw_is_used(address)) return 0;
  front = fw_front_at(generation, address);
  if (front == FW_FRONT_NOTHING) return 0;
  if (front == FW_FRONT_LOOK) return fw_find4_behind(which, address, front);
  home = fw_find_host_home4(generation, address);
  line = fw_line(home.number);
  if (!line) return 0;
  found = fw_find_tag4(line, home.tag | FW_TAG_BLOCK, 0);
  /* Bits 31 and 63 again. */
  found |= ((__u64)front ^ FW_FRONT_BLOCK) - 1;
  __asm__("" : "+r"(found)); /* else there are two branches */
  if (found & FW_TAG_FOUND) return FW_ENTRY_BLOCK << FW_ENTRY_PAYLOAD_BITS;
  return fw_find4_behind(which, address, front);
}

/* The same with the number of the rule, wherever it has to be read from: BLOCK
 * and ALLOW in the place of BLOCK_AT and ALLOW_AT. */
static __always_inline __u32 fw_find4_rule(__u32 which, __u32 address) {
  const struct fw_generation *generation = fw_generation(FW_FAMILY_IPV4, which);
  __u32 front = FW_FRONT_NOTHING;
  __u32 found = 0;

  if (fw_is_used(address)) front = fw_front_at(generation, address);
  if (front != FW_FRONT_NOTHING) found = fw_find4_behind(which, address, front);
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
  if (!fw_goes_on(entry)) return entry;
  entry = fw_find_below6(entry, high, low, which);
  return fw_goes_on(entry) ? fw_descend6(entry, high, low, which) : entry;
}

#endif
