/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Poptrie (Asai and Ohara, SIGCOMM 2015): a multi-bit trie whose nodes are
 * packed by counting bits. */
#include "tests/bench/candidate_poptrie.h"

#include "tests/bench/candidate.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, (1 << POPTRIE_ROOT_BITS) / LINE_ENTRIES);
  __type(key, __u32);
  __type(value, struct line);
} root SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct poptrie_node);
} nodes SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct line);
} values SEC(".maps");

/* BPF has no instruction for it (Warren, Hacker's Delight, 5-1). */
static __always_inline __u32 count_bits(__u64 word) {
  word -= word >> 1 & 0x5555555555555555;
  word = (word & 0x3333333333333333) + (word >> 2 & 0x3333333333333333);
  word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0f;
  return word * 0x0101010101010101 >> 56;
}

static __always_inline __u32 value_at(__u32 position) {
  __u32 key = position / LINE_ENTRIES;
  const struct line *line = bpf_map_lookup_elem(&values, &key);

  return line ? line->entry[position % LINE_ENTRIES] : 0;
}

/* One address, left-justified, and `bits` of it at `depth`. */
static __always_inline __u32 slot_at(struct address6 address, int depth,
                                     int bits) {
  if (depth + bits <= 64) return address.high << depth >> (64 - bits);
  if (depth >= 64) return address.low << (depth - 64) >> (64 - bits);
  return (address.high << depth | address.low >> (64 - depth)) >> (64 - bits);
}

static __always_inline __u32 find(struct address6 address, int address_bits) {
  __u32 slot = slot_at(address, 0, POPTRIE_ROOT_BITS);
  __u32 key = slot / LINE_ENTRIES;
  const struct line *line = bpf_map_lookup_elem(&root, &key);
  int depth;

  if (!line) return 0;
  key = line->entry[slot % LINE_ENTRIES];
  if (key & POPTRIE_IS_VALUE) return key & ~POPTRIE_IS_VALUE;
#pragma unroll
  for (depth = POPTRIE_ROOT_BITS; depth < address_bits;
       depth += POPTRIE_NODE_BITS) {
    const struct poptrie_node *node = bpf_map_lookup_elem(&nodes, &key);
    __u64 up_to_slot;

    if (!node) return 0;
    slot = slot_at(address, depth, POPTRIE_NODE_BITS);
    up_to_slot = ((__u64)2 << slot) - 1;
    if (!(node->children >> slot & 1))
      return value_at(node->first_value + count_bits(node->runs & up_to_slot) -
                      1);
    key = node->first_child + count_bits(node->children & up_to_slot) - 1;
  }
  return 0;
}

SEC("xdp.frags")
int judge4(struct xdp_md *ctx) {
  const struct iphdr *ip = ipv4_header(ctx);
  struct address6 address = {};

  if (!ip) return XDP_ABORTED;
  address.high = (__u64)bpf_ntohl(ip->saddr) << 32;
  return answer(find(address, 32));
}

SEC("xdp.frags")
int judge6(struct xdp_md *ctx) {
  const struct ipv6hdr *ip = ipv6_header(ctx);

  return ip ? answer(find(address6_of(ip), 128)) : XDP_ABORTED;
}

char _license[] SEC("license") = "Dual BSD/GPL";
