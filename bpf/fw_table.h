/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* How the tables of source addresses lie in memory. Compiles as C (BPF) and as
 * C++: the agent writes them with plain stores, the program reads them.
 *
 *   used    IPv4: a bit for each /22, whether there is anything in it: most
 *           misses end here;
 *   front   IPv4: two bits for each /24, which are all that most look-ups for a
 *           verdict need, beside the bucket of the host;
 *   root    a word for each of the 65,536 /16: the answer for all of it, or
 *           the chunk that knows more;
 *   parts   IPv6: a bit for each /23 of the first 32 bits, whether there is
 *           anything in it: most misses end here;
 *   chunk   one line for a /16: two bits for each /24 in it, and behind it the
 *           entries of those that have one;
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
#include "bpf/fw_rules.h"

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
  /* payload: up to four lengths, as in fw_subtree but of 7 bits; where none of
   * them matches, the answer is nothing */
  FW_ENTRY_LENGTHS = 5,
  FW_ENTRY_TIMED = 6, /* payload: the record of a struct fw_terms */
  /* Not in tables, but what a look-up found in a slot of an IPv4 bucket whose
   * entry has not been read. payload: line * 16 + place in the line */
  FW_ENTRY_BLOCK_AT = 8,
  FW_ENTRY_ALLOW_AT = 9,
  FW_ENTRY_OTHER_AT = 10, /* MEANING or TIMED */
};

/* A record is a quarter of a line; its number is line * 4 + quarter. */
#define FW_LINE_RECORDS 4

/* An answer that an entry cannot hold by itself. */
struct fw_meaning {
  __u64 classes; /* a bit for each class that the address is a member of */
  __u32 verdict; /* enum fw_entry_kind: NOTHING, BLOCK, ALLOW or TIMED */
  __u32 rule;    /* its number; of TIMED the record of a struct fw_terms */
};
FW_ASSERT(sizeof(struct fw_meaning) * FW_LINE_RECORDS == FW_LINE_BYTES, "");

/* A verdict that ends: allow while the present tick is below allow_until, else
 * block while it is below block_until, else nothing. Deadlines are those of
 * fw_abi.h; 0 has always ended. A record is never changed while readers can
 * reach it. */
struct fw_terms {
  __u32 block_until;
  __u32 allow_until;
  __u32 block_rule; /* its number */
  __u32 allow_rule;
};
FW_ASSERT(sizeof(struct fw_terms) * FW_LINE_RECORDS == FW_LINE_BYTES, "");

/* What is below an anchor. */
struct fw_subtree {
  /* The lengths to look for, longest first, a byte each, then zeros. What a
   * byte holds is the length less FW_CHUNK_LENGTH. For IPv4 the program does
   * not ask. */
  __u64 lengths;
  __u32 background; /* entry: the answer where none of them matches */
  /* Not 0: the longest of the lengths, and prefixes that are longer still are
   * in subtrees of their own, below entries of this length. The program does
   * not ask. */
  __u32 split;
};
FW_ASSERT(sizeof(struct fw_subtree) * FW_LINE_RECORDS == FW_LINE_BYTES, "");
#define FW_SUBTREE_LENGTHS 8
#define FW_ENTRY_LENGTH_BITS 7
#define FW_ENTRY_LENGTHS_MAX 4
/* Most subtrees below each other: at /24, at /32, then one for each eight of
 * the 96 lengths that are left. */
#define FW_SUBTREE_DEPTH 14

/* The /24s of a /16, 64 in a word. Both bits clear: nothing. Only `longer`:
 * nothing but prefixes of 32 bits, in the buckets. Only `covered`: the entry of
 * the covered /24 before it. Both: the next entry; they begin in the line
 * behind the chunk. */
#define FW_CHUNK_LENGTH 24
#define FW_CHUNK_PLACES 256
#define FW_CHUNK_WORDS 4
struct fw_chunk {
  __u64 covered[FW_CHUNK_WORDS];
  __u64 longer[FW_CHUNK_WORDS];
};

/* Most lines behind its own in which a prefix may lie: as many as let a table
 * be filled to three quarters (IPv4) or a half. */
#define FW_BUCKET_REACH 15

/* One line of the hash table for IPv4: prefixes of 25 to 32 bits. A slot is a
 * tag, written at once; its entry is at the same place of another line, so that
 * look-ups that only ask for the verdict touch half the memory.
 *
 * The address of a host is shuffled without loss; the upper bits say in which
 * line it belongs, and the tag holds the rest:
 *   rest << 7 | FW_TAG_HOST | lines behind its own << 2 | enum fw_tag_kind
 * Of other prefixes only the first 24 bits are shuffled, or the first 28 where
 * there are so many, so that those that one address lies in are found in two
 * lines. No more of them than a line has slots begin alike. Their other bits,
 * then a one, then zeros, are the suffix, of four bits:
 *   has 28 bits << 30 | rest << 11 | suffix << 7 | lines behind << 2 | kind
 * A slot with the kind FREE is free, or about to be. Bit 31 is never set, so
 * that two tags can be compared by one subtraction. */
#define FW_BUCKET4_SLOTS 15
#define FW_TAG_REST_SHIFT 7
#define FW_TAG_SUFFIX_SHIFT FW_TAG_REST_SHIFT
#define FW_TAG_SUFFIX_BITS 4
#define FW_TAG_SUFFIX_MASK ((1u << FW_TAG_SUFFIX_BITS) - 1)
#define FW_TAG_SUFFIX (FW_TAG_SUFFIX_MASK << FW_TAG_SUFFIX_SHIFT)
#define FW_TAG_LONG (1u << 30)
#define FW_TAG_HOST (1u << 6)
#define FW_TAG_DISTANCE_SHIFT 2
#define FW_TAG_KIND 3u
#define FW_TAG_DISTANCE (FW_BUCKET_REACH << FW_TAG_DISTANCE_SHIFT)
/* Whether a host, and how far behind its own line. */
#define FW_TAG_PLACE (FW_TAG_HOST | FW_TAG_DISTANCE)
#define FW_TAG_ANYWHERE (FW_TAG_DISTANCE | FW_TAG_KIND)
enum fw_tag_kind {
  FW_TAG_FREE = 0,
  FW_TAG_BLOCK = 1,
  FW_TAG_ALLOW = 2,
  FW_TAG_OTHER = 3, /* as its entry says */
};
FW_ASSERT(FW_TAG_HOST >> FW_TAG_DISTANCE_SHIFT == FW_BUCKET_REACH + 1,
          "a distance fits between the kind and the host");
struct fw_bucket4 {
  __u32 reach; /* so many lines behind this one may hold what belongs here */
  __u32 tags[FW_BUCKET4_SLOTS];
};
struct fw_bucket4_entries {
  __u32 unused;
  __u32 entries[FW_BUCKET4_SLOTS];
};
/* Fewer, and the rest would not fit in a tag. */
#define FW_BUCKET4_MIN_BITS 9
/* What is shuffled of a prefix of at least so many bits and not of 32. */
#define FW_ANCHOR_SHORT 24
#define FW_ANCHOR_LONG 28

/* The same for IPv6: prefixes of 25 to 128 bits. The code is made likewise,
 * with 128 bits, and kept whole beside the entry; FW_SLOT_HOST is set in the
 * entry of a host. A slot with an entry of 0 is free; with that bit alone it is
 * about to be. */
#define FW_BUCKET6_SLOTS 3
#define FW_SLOT_HOST (1u << FW_ENTRY_BITS)
struct fw_bucket6 {
  __u64 high[FW_BUCKET6_SLOTS];
  __u64 low[FW_BUCKET6_SLOTS];
  __u32 entries[FW_BUCKET6_SLOTS];
  __u32 reach;
};

/* IPv6: the /23s of a /16, 64 in a word: whether one of its two places may say
 * something. So much smaller than the chunks, they stay in the cache. */
#define FW_PARTS_WORDS 2
#define FW_PART_PLACES 2
struct fw_parts {
  __u64 used[FW_PARTS_WORDS];
};
FW_ASSERT(sizeof(struct fw_parts) * FW_LINE_RECORDS == FW_LINE_BYTES, "");

#define FW_LINE_WORDS 8
#define FW_LINE_ENTRIES 16
union fw_line {
  __u64 words[FW_LINE_WORDS];
  __u32 entries[FW_LINE_ENTRIES];
  struct fw_parts parts[FW_LINE_RECORDS];
  struct fw_chunk chunk;
  struct fw_bucket4 bucket4;
  struct fw_bucket4_entries bucket4_entries;
  struct fw_bucket6 bucket6;
  struct fw_subtree subtrees[FW_LINE_RECORDS];
  struct fw_meaning meanings[FW_LINE_RECORDS];
  struct fw_terms terms[FW_LINE_RECORDS];
  struct fw_trie_node trie_nodes[FW_LINE_TRIE_NODES];
  struct fw_rule rule;
};
FW_ASSERT(sizeof(union fw_line) == FW_LINE_BYTES, "layout");

/* One word for each /16: an entry; or FW_ROOT_CHUNK, the line number of a chunk
 * and, IPv6, in the upper half the record of its struct fw_parts. */
#define FW_ROOT_LENGTH 16
#define FW_ROOT_WORDS 65536
#define FW_ROOT_SLABS (FW_ROOT_WORDS / FW_LINE_WORDS / FW_SLAB_LINES)
#define FW_ROOT_CHUNK (1ull << 31)
#define FW_ROOT_PARTS_SHIFT 32

/* IPv4: whether anything is said of a /22, in whichever generation. Wrongly set
 * it costs time. Most misses end here, with an eighth of the front's size. */
#define FW_USED_PLACES 4 /* of a chunk, in one bit; 64 in a /16 */

/* IPv4: a line for each /16, in it 32 of its /24s in a word. Slabs in which
 * nothing was ever said are not there. */
#define FW_FRONT_BITS 2
#define FW_FRONT_PLACES 32
#define FW_FRONT_SLABS 16
enum fw_front {
  FW_FRONT_NOTHING = 0,
  FW_FRONT_LOOK = 1,  /* the root and what is behind it know; always right */
  FW_FRONT_BLOCK = 2, /* the whole /24 */
  FW_FRONT_HOSTS = 3, /* nothing but hosts, in the buckets */
};

/* One table of one family. */
struct fw_generation {
  __u32 root_slab;   /* the first one; 0: there is nothing in the table */
  __u32 bucket_slab; /* the first one */
  /* Lines; FW_BUCKET_REACH more lie behind them. For IPv4 a power of two, and
   * then as many for the entries. */
  __u32 bucket_count;
  __u32 bucket_bits; /* IPv4: its logarithm */
  __u64 seed;        /* of the hash, another one for each table */
  /* IPv4: for each sixteenth of the addresses, 0 for none. */
  __u32 front_slabs[FW_FRONT_SLABS];
};
FW_ASSERT(sizeof(struct fw_generation) == 88, "layout");

/* Bit of fw_table_state.active: which half of fw_ports is in force. */
#define FW_ACTIVE_PORTS_SHIFT FW_FAMILIES
#define FW_ACTIVE_PORTS (1u << FW_ACTIVE_PORTS_SHIFT)
/* The same of fw_table_state.rules, and whether there are any. */
#define FW_ACTIVE_RULES (FW_ACTIVE_PORTS << 1)
#define FW_ACTIVE_HAS_RULES (FW_ACTIVE_PORTS << 2)
/* Bits that say which of two is in force. */
#define FW_ACTIVE_ALL (FW_ACTIVE_RULES | (FW_ACTIVE_RULES - 1))

/* Where a look-up begins. */
struct fw_table_state {
  /* Bit f: which of the two generations of family f is in force; and those
   * above. One write swaps all tables. Each packet reads it once, and
   * is judged by what it says whatever happens meanwhile. */
  __u32 active;
  __u32 unused;
  /* Prefixes of each family; while that rises, at least as many. A packet whose
   * address cannot be read is dropped when this is not 0. */
  __u64 prefixes[FW_FAMILIES];
  struct fw_generation generations[FW_FAMILIES][2];
  struct fw_rule_tables rules[2];
};
FW_ASSERT(sizeof(struct fw_table_state) == 600, "layout");

static inline __u32 fw_kind_of(__u32 entry) {
  return entry >> FW_ENTRY_PAYLOAD_BITS;
}

/* Shuffles an address: every bit of it changes half of the others, and no two
 * addresses become one. The constants are those of Ellis' lowbias32. */
static inline __u32 fw_shuffle32(__u32 address, __u64 seed) {
  __u64 x = address ^ (__u32)seed;

  x = (__u32)((x ^ x >> 16) * 0x7feb352dull);
  x = (__u32)((x ^ x >> 15) * 0x846ca68bull);
  return (__u32)(x ^ x >> 16);
}

/* The same for the first `bits` of one, 24 or 28; the constants were the best
 * of some that were tried at random. */
static inline __u32 fw_shuffle_prefix(__u32 prefix, __u32 bits, __u64 seed) {
  const __u64 mask = (1ull << bits) - 1;
  const __u32 half = bits / 2;
  __u64 x = (prefix ^ seed >> 32) & mask;

  x = ((x ^ x >> half) * 0x2df70af) & mask;
  x = ((x ^ x >> (half - 1)) * 0x93d78b5) & mask;
  return (__u32)(x ^ x >> half);
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

/* The line where a code belongs, of `count`. A multiplication spreads every bit
 * upwards; the shift brings the upper half down for the next one. */
static inline __u32 fw_home6(const struct fw_code6 *code, __u64 seed,
                             __u32 count) {
  __u64 bits = (code->high ^ seed) * 0x9e3779b97f4a7c15ull;

  bits = ((bits ^ bits >> 32) + code->low) * 0xd6e8feb86659fd93ull;
  bits = (bits ^ bits >> 32) * 0x9e3779b97f4a7c15ull;
  return (__u32)((bits >> 32) * count >> 32);
}

#endif
