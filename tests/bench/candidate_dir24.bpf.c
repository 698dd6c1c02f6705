/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* DIR-24-8 (Gupta, Lin and McKeown, INFOCOM 1998): an entry for each /24, and
 * a block of 256 where a prefix is longer. IPv4 only. */
#include "tests/bench/candidate_dir24.h"

#include "tests/bench/candidate.bpf.h"

struct block {
  __u32 value[DIR24_BLOCK];
};

/* Key: the first 20 bits of the address. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, DIR24_ENTRIES / LINE_ENTRIES);
  __type(key, __u32);
  __type(value, struct line);
} first SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct block);
} second SEC(".maps");

static __always_inline __u32 find(__u32 address) {
  __u32 key = address >> 12;
  const struct line *line = bpf_map_lookup_elem(&first, &key);
  const struct block *block;
  __u32 entry;

  if (!line) return 0;
  entry = line->entry[(address >> 8) % LINE_ENTRIES];
  if (!(entry & DIR24_IS_BLOCK)) return entry;
  key = entry & ~DIR24_IS_BLOCK;
  block = bpf_map_lookup_elem(&second, &key);
  return block ? block->value[address % DIR24_BLOCK] : 0;
}

SEC("xdp.frags")
int judge4(struct xdp_md *ctx) {
  const struct iphdr *ip = ipv4_header(ctx);

  return ip ? answer(find(bpf_ntohl(ip->saddr))) : XDP_ABORTED;
}

char _license[] SEC("license") = "Dual BSD/GPL";
