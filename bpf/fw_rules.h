/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* How the ordered rules lie in memory. Compiles as C (BPF) and as C++: the
 * agent writes an image of all rules beside the one in force, and swaps.
 *
 * A packet is matched with all rules at once. Of each field that rules ask
 * about there is a table, which gives for the packet's value a vector: a bit
 * for each rule that this value does not keep from matching. The first bit that
 * is set in the vectors of all fields is the first rule that matches
 * (Lakshman and Stiliadis, SIGCOMM 1998). Before a vector stands a word with a
 * bit for each of its words that is not zero (Baboescu and Varghese, SIGCOMM
 * 2001) and the number of the first one, with which it begins; it ends with the
 * last one. Its place is that of the first of these two, and even. */
#ifndef FW_RULES_H
#define FW_RULES_H

#include <linux/bpf.h>

#include "bpf/fw_abi.h"

/* Most rules: a bit for each in so many words, and a bit for each of them. */
#define FW_RULE_WORDS 64
#define FW_MAX_RULES (FW_RULE_WORDS * 64)

/* What rules can ask of a packet. Addresses are looked up in tries, one for
 * each family; all else is an index of an array. */
enum fw_rule_field {
  FW_FIELD_SOURCE = 0,
  FW_FIELD_DESTINATION = 1,
  FW_FIELD_PROTOCOL = 2,         /* of IP; FW_PROTOCOLS more in IPv6 */
  FW_FIELD_SOURCE_PORT = 3,      /* FW_NO_PORT where there are none */
  FW_FIELD_DESTINATION_PORT = 4, /* the same */
  FW_FIELD_ICMP = 5,             /* type << 8 | code; see FW_ICMPV6 */
  FW_FIELD_TCP_FLAGS = 6,        /* as in the header; FW_NO_FLAGS: no TCP */
  FW_FIELD_VLAN = 7,             /* of the outermost tag; FW_NO_VLAN */
  FW_FIELD_LENGTH = 8,           /* of the IP packet, in bytes */
  FW_FIELD_INTERFACE = 9,        /* slot */
  FW_RULE_FIELDS = 10,
};
#define FW_RULE_ADDRESSES 2 /* fields that are one */
/* What is behind the IP header, and missing from later fragments. */
#define FW_FIELDS_OF_TRANSPORT                                    \
  (1u << FW_FIELD_SOURCE_PORT | 1u << FW_FIELD_DESTINATION_PORT | \
   1u << FW_FIELD_ICMP | 1u << FW_FIELD_TCP_FLAGS)

#define FW_PROTOCOLS 256
#define FW_NO_PORT 65536
#define FW_ICMPV6 65536   /* added to the type and code of ICMPv6 */
#define FW_NO_ICMP 131072 /* neither */
#define FW_NO_FLAGS 256
#define FW_NO_VLAN 4096
#define FW_LENGTHS 65536

/* Number of values of each of those fields; one array holds so many. */
#define FW_FIELD_VALUES                                                     \
  {                                                                         \
    0, 0, 2 * FW_PROTOCOLS, FW_NO_PORT + 1, FW_NO_PORT + 1, FW_NO_ICMP + 1, \
        FW_NO_FLAGS + 1, FW_NO_VLAN + 1, FW_LENGTHS, FW_NO_SLOT + 1         \
  }

/* A node of a trie: six bits of an address, after the root's sixteen. A bit in
 * `children` for each value that goes on; the others have values, of which
 * `runs` has a bit wherever another one begins. Both lie in a row, in the
 * order of these bits (Asai and Ohara, SIGCOMM 2015). */
#define FW_TRIE_ROOT_BITS 16
#define FW_TRIE_NODE_BITS 6
struct fw_trie_node {
  __u64 children;
  __u64 runs;
  __u32 first_child;
  __u32 first_value;
  __u64 unused;
};
#define FW_LINE_TRIE_NODES 2
/* In the root: not the place of a vector but the number of a node. */
#define FW_TRIE_GOES_ON (1u << 31)
/* After the root, an IPv6 address has so many. */
#define FW_TRIE_STEPS 19

struct fw_trie {
  __u32 root;   /* line; 0: there is none, and `values` is a vector's place */
  __u32 nodes;  /* line */
  __u32 values; /* line */
};

/* Which rules there are; in fw_table_state. Places are of words, counted from
 * the first line of the image. */
struct fw_rule_tables {
  __u32 first_line; /* of the image */
  __u32 used;       /* a bit for each field that a rule asks about */
  __u32 rules;      /* line of the first struct fw_rule */
  __u32 count;
  __u32 arrays[FW_RULE_FIELDS]; /* line of the places of vectors, by value */
  struct fw_trie tries[FW_FAMILIES][FW_RULE_ADDRESSES];
  __u64 seed; /* of the hash of buckets; nobody else knows it */
};
FW_ASSERT(sizeof(struct fw_rule_tables) == 112, "layout");

enum fw_rule_action {
  FW_RULE_PASS = 0,
  FW_RULE_DROP = 1,
  FW_RULE_REJECT = 2, /* drop, and answer that it was */
  FW_RULE_LIMIT = 3,  /* drop what comes too fast, and go on with the rest */
};
#define FW_RULE_SHADOW 1u /* flag: only counted */

/* How fast packets may come. Times are of the boot clock in units of
 * 2^-FW_LIMIT_SHIFT ns. */
#define FW_LIMIT_SHIFT 6
#define FW_PRICE_SHIFT 16
struct fw_limit {
  __u64 price;     /* of a packet; of a byte: << FW_PRICE_SHIFT */
  __u64 tolerance; /* how far ahead of its time what comes may be */
  /* What shares a bucket: the first bits of the source address. */
  __u8 source_bits[FW_FAMILIES];
  __u8 of_bytes;
  __u8 unused;
  __u32 block_ticks; /* a source that comes too fast is blocked so long */
};

/* A bucket is the time at which it is full again: the theoretical arrival time
 * of the generic cell rate algorithm (ITU-T I.371). One that is full says no
 * more than one that is not there, so its place is free.
 *
 * Buckets of sources, by a hash of the rule and of what they share. A source
 * for which there is no place shares its rule's own bucket with others. */
#define FW_BUCKET_LINES 8192
#define FW_BUCKET_LINE_SLOTS 7
struct fw_bucket_line {
  struct bpf_spin_lock lock;
  __u32 unused;
  __u64 keys[FW_BUCKET_LINE_SLOTS];
  __u64 times[FW_BUCKET_LINE_SLOTS];
};
FW_ASSERT(sizeof(struct fw_bucket_line) == 120, "layout");

/* The bucket of a rule, by its place among the counters; behind those, that of
 * all answers to what is rejected. */
#define FW_RULE_COUNTERS (2 * FW_MAX_RULES)
#define FW_RULE_BUCKETS (FW_RULE_COUNTERS + 1)
#define FW_ANSWER_BUCKET FW_RULE_COUNTERS
struct fw_rule_bucket {
  struct bpf_spin_lock lock;
  __u32 unused;
  __u64 time;
};
FW_ASSERT(sizeof(struct fw_rule_bucket) == 16, "layout");

/* Answers to what is rejected: so many in a second, and so many at once. */
#define FW_ANSWERS_PER_SECOND 1000
#define FW_ANSWERS_AT_ONCE 100

/* One rule, in a line. */
struct fw_rule {
  __u64 id;
  __u32 until;  /* deadline */
  __u32 action; /* enum fw_rule_action */
  __u32 flags;
  __u32 fields;  /* a bit for each that it asks about */
  __u32 counter; /* its place in fw_rule_hits */
  __u32 unused;
  struct fw_limit limit;
  __u64 unused_too;
};
FW_ASSERT(sizeof(struct fw_rule) == 64, "layout");

/* What is known of a packet, as indexes of arrays. */
struct fw_facts {
  __u64 source[2]; /* left-justified */
  __u64 destination[2];
  __u32 values[FW_RULE_FIELDS];
  __u32 unknown; /* a bit for each field that cannot be read */
  __u32 family;  /* enum fw_family */
};

/* A search among the rules, of one packet. */
struct fw_search {
  struct fw_facts facts;
  __u64 words;   /* those in which a match may be, and which were not read */
  __u64 matches; /* in that one, without those that were considered */
  __u32 places[FW_RULE_FIELDS]; /* of the vectors' words 0, if they had them */
  __u32 asked; /* a bit for each field that is used and can be read */
  __u32 first_line;
  __u32 word; /* the number of the one that was read last */
};

#endif
