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

/* Counts the bits of each byte of a word: BPF has no instruction for it. */
static __always_inline __u64 fw_count_in_bytes(__u64 word) {
  word -= word >> 1 & 0x5555555555555555ull;
  word = (word & 0x3333333333333333ull) + (word >> 2 & 0x3333333333333333ull);
  return (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0full;
}

/* How many entries of a chunk begin at a place or before it: at most 256, in
 * four words with at most 8 bits in a byte. Without branches, which would be
 * guessed wrongly: all ones for the words before the place's, its lower bits
 * for that one, nothing for those behind. */
static __always_inline __u32 fw_rank(const struct fw_chunk *chunk,
                                     __u32 place) {
  const __s64 at = place / 64;
  const __u64 lower = ~0ull >> (63 - place % 64);
  __u64 bytes = 0;

#pragma clang loop unroll(full)
  for (__s64 i = 0; i < FW_CHUNK_WORDS; i++) {
    __u64 begins = FW_READ(chunk->covered[i]) & FW_READ(chunk->longer[i]);
    __u64 is_before = (__u64)((i - at) >> 63);
    __u64 is_it = (__u64)(((i ^ at) - 1) >> 63);

    bytes += fw_count_in_bytes(begins & (is_before | (is_it & lower)));
  }
  /* In halves: 256 does not fit in the upper byte of the product. */
  bytes =
      (bytes & 0x00ff00ff00ff00ffull) + (bytes >> 8 & 0x00ff00ff00ff00ffull);
  return (__u32)(bytes * 0x0001000100010001ull >> 48);
}

/* Look for the prefix of 32 bits, there is nothing else. */
#define FW_LOOK_LONGER \
  (FW_ENTRY_LENGTHS << FW_ENTRY_PAYLOAD_BITS | (32 - FW_CHUNK_LENGTH))

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
  __u32 word = record % FW_LINE_RECORDS * FW_PARTS_WORDS + part / 64;

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
