/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The layout of a poptrie, for the program and for what fills it. */
#ifndef FW_BENCH_CANDIDATE_POPTRIE_H
#define FW_BENCH_CANDIDATE_POPTRIE_H

#include <linux/types.h>

/* Bits of the address that the root takes: with 18, a /24 ends in the first
 * node below it. */
#define POPTRIE_ROOT_BITS 18
/* Bits that each node takes: one for each bit of a word is one slot. */
#define POPTRIE_NODE_BITS 6
#define POPTRIE_NODE_SLOTS 64
/* Set in an entry of the root that is a value; else it names a node. */
#define POPTRIE_IS_VALUE (1u << 31)

/* A slot leads to a node, if its bit in `children` is set, or to a value:
 * neighbours with the same value share one, and `runs` has a bit where a value
 * starts. Counting the bits up to the slot gives the place. */
struct poptrie_node {
  __u64 children;
  __u64 runs;
  __u32 first_child;
  __u32 first_value;
};

#endif
