/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The chunks: what is said of each /24 of a /16. Part of fw_find.h, which says
 * what must be defined before. */
#ifndef FW_CHUNK_H
#define FW_CHUNK_H

#include "bpf/fw_table.h"

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

#endif
