/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* How the tables of source addresses lie in memory. Compiles as C (BPF) and as
 * C++: the agent writes them with plain stores, the program reads them.
 *
 *   root    65,536 entries, one for each /16: the answer for all of it, or the
 *           chunk that knows more;
 *   chunk   one line for a /16: two bits for each /24 in it, and behind it the
 *           answers of those that have one;
 *   subtree what is longer than an anchor, which is a /24 or longer: the
 *           lengths that there are, and the answer where none of them matches;
 *   buckets a hash table of everything longer than /24, by prefix.
 *
 * The first 32 bits of an IPv6 address go through such a root and such chunks
 * like an IPv4 address. Every answer is final: what shorter prefixes say of the
 * same addresses has been worked into it. */
#ifndef FW_TABLE_H
#define FW_TABLE_H

#include "bpf/fw_abi.h"

/* Memory comes in slabs of lines. A line is what the CPU fetches at once; its
 * number is slab * FW_SLAB_LINES + its place. There is no slab 0, so that no
 * line has number 0. */
#define FW_LINE_BYTES 64
#define FW_SLAB_LINES 4096
#define FW_SLABS 4096

/* An entry: what a table says of some addresses, in 31 bits. */
#define FW_ENTRY_BITS 31
#define FW_ENTRY_MASK ((1u << FW_ENTRY_BITS) - 1)
#define FW_ENTRY_PAYLOAD_BITS 28
#define FW_ENTRY_PAYLOAD ((1u << FW_ENTRY_PAYLOAD_BITS) - 1)
enum fw_entry_kind {
  FW_ENTRY_NOTHING = 0, /* and its payload is 0 too */
  FW_ENTRY_BLOCK = 1,   /* payload: the rule's number */
  FW_ENTRY_ALLOW = 2,   /* the same */
  FW_ENTRY_MEANING = 3, /* payload: the record of a struct fw_meaning */
  FW_ENTRY_SUBTREE = 4, /* payload: the record of a struct fw_subtree */
  FW_ENTRY_CHUNK = 5,   /* payload: a line number; in a root only */
};

/* A record is a quarter of a line; its number is line * 4 + quarter. */
#define FW_LINE_RECORDS 4

/* An answer that an entry cannot hold by itself. */
struct fw_meaning {
  __u64 classes; /* a bit for each class that the address is a member of */
  __u32 verdict; /* enum fw_entry_kind: NOTHING, BLOCK or ALLOW */
  __u32 rule;    /* its number */
};
FW_ASSERT(sizeof(struct fw_meaning) * FW_LINE_RECORDS == FW_LINE_BYTES, "");

/* What is below an anchor. */
struct fw_subtree {
  /* The lengths to look for, longest first, a byte each, then zeros. */
  __u64 lengths;
  __u32 background; /* entry: the answer where none of them matches */
  /* Not 0: the longest of the lengths, and prefixes that are longer still are
   * in subtrees of their own, below entries of this length. The program does
   * not ask. */
  __u32 split;
};
FW_ASSERT(sizeof(struct fw_subtree) * FW_LINE_RECORDS == FW_LINE_BYTES, "");
#define FW_SUBTREE_LENGTHS 8
/* Most subtrees below each other: at /24, at /32, then one for each eight of
 * the 96 lengths that are left. */
#define FW_SUBTREE_DEPTH 14

/* The /24s of a /16, 64 in a word. Both bits clear: nothing. Only `longer`:
 * nothing but prefixes of 32 bits, in the buckets. Only `covered`: the entry of
 * the covered /24 before it. Both: the next entry; they begin in the line
 * behind the chunk. */
#define FW_CHUNK_PLACES 256
#define FW_CHUNK_WORDS 4
struct fw_chunk {
  __u64 covered[FW_CHUNK_WORDS];
  __u64 longer[FW_CHUNK_WORDS];
};

/* One line of the hash table for IPv4: prefixes of 25 to 32 bits. A slot is a
 * code and, below it, an entry, written at once; 0 is free. The code is the
 * prefix's bits, then a one, then zeros: 33 bits. */
#define FW_BUCKET4_SLOTS 7
struct fw_bucket4 {
  __u64 reach; /* so many lines behind this one may hold what belongs here */
  __u64 slots[FW_BUCKET4_SLOTS];
};

/* The same for IPv6: prefixes of 25 to 128 bits. The code is made likewise, but
 * with 128 bits: that of a host is its address, and FW_SLOT_HOST is set in its
 * entry. A slot with an entry of 0 is free, or about to be. */
#define FW_BUCKET6_SLOTS 3
#define FW_SLOT_HOST (1u << FW_ENTRY_BITS)
struct fw_bucket6 {
  __u64 high[FW_BUCKET6_SLOTS];
  __u64 low[FW_BUCKET6_SLOTS];
  __u32 entries[FW_BUCKET6_SLOTS];
  __u32 reach;
};

/* Most lines behind its own in which a prefix may lie. */
#define FW_BUCKET_REACH 3

#define FW_LINE_ENTRIES 16
union fw_line {
  __u64 words[8];
  __u32 entries[FW_LINE_ENTRIES];
  struct fw_chunk chunk;
  struct fw_bucket4 bucket4;
  struct fw_bucket6 bucket6;
  struct fw_subtree subtrees[FW_LINE_RECORDS];
  struct fw_meaning meanings[FW_LINE_RECORDS];
};
FW_ASSERT(sizeof(union fw_line) == FW_LINE_BYTES, "layout");

/* One for each /16. */
#define FW_ROOT_ENTRIES 65536
FW_ASSERT(FW_ROOT_ENTRIES == FW_SLAB_LINES * FW_LINE_ENTRIES, "one slab");

/* One table of one family. */
struct fw_generation {
  __u32 root_slab;    /* 0: there is nothing in it */
  __u32 bucket_slab;  /* the first one */
  __u32 bucket_count; /* lines; FW_BUCKET_REACH more lie behind them */
  __u32 unused;
  __u64 multiplier; /* of the hash; odd, and another one for each table */
};
FW_ASSERT(sizeof(struct fw_generation) == 24, "layout");

/* Where a look-up begins. */
struct fw_source_state {
  /* Bit f: which of the two generations of family f is in force. One write
   * swaps both families. */
  __u32 active;
  __u32 unused;
  /* Prefixes of each family; while that rises, at least as many. A packet whose
   * address cannot be read is dropped when this is not 0. */
  __u64 prefixes[FW_FAMILIES];
  struct fw_generation generations[FW_FAMILIES][2];
};
FW_ASSERT(sizeof(struct fw_source_state) == 120, "layout");

static inline __u32 fw_kind_of(__u32 entry) {
  return entry >> FW_ENTRY_PAYLOAD_BITS;
}

/* The code of the first `length` bits of an IPv4 address, 25 to 32. */
static inline __u64 fw_make_code4(__u32 address, __u32 length) {
  return ((__u64)address >> (32 - length) << 1 | 1) << (32 - length);
}

struct fw_code6 {
  __u64 high;
  __u64 low;
  __u32 host; /* FW_SLOT_HOST or 0 */
};

/* The code of the first `length` bits of an IPv6 address, 25 to 128. */
static inline struct fw_code6 fw_make_code6(__u64 high, __u64 low,
                                            __u32 length) {
  struct fw_code6 code = {high, low, 0};

  if (length < 64) {
    code.high = (high >> (63 - length) | 1) << (63 - length);
    code.low = 0;
  } else if (length < 128) {
    code.low = (low >> (127 - length) | 1) << (127 - length);
  } else {
    code.host = FW_SLOT_HOST;
  }
  return code;
}

/* A multiplication spreads every bit upwards; the shift brings the upper half
 * down for the next one. Scales to a number below `count`. */
static inline __u32 fw_spread(__u64 bits, __u32 count) {
  bits ^= bits >> 32;
  bits *= 0x9e3779b97f4a7c15ull;
  return (__u32)((bits >> 32) * count >> 32);
}

/* The line where a code belongs, of `count`. */
static inline __u32 fw_home4(__u64 code, __u64 multiplier, __u32 count) {
  return fw_spread(code * multiplier, count);
}
static inline __u32 fw_home6(const struct fw_code6 *code, __u64 multiplier,
                             __u32 count) {
  __u64 bits = code->high * multiplier;

  bits = ((bits ^ bits >> 32) + code->low) * multiplier;
  return fw_spread(bits, count);
}

#endif
