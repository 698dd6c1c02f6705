/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The kernel's LPM trie: a binary radix tree, one dependent load or two for
 * each bit at which prefixes part. */
#include "tests/bench/candidate.bpf.h"

struct key4 {
  __u32 length;
  __be32 address;
};

struct key6 {
  __u32 length;
  struct in6_addr address;
};

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1);
  __type(key, struct key4);
  __type(value, __u32);
} prefixes4 SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1);
  __type(key, struct key6);
  __type(value, __u32);
} prefixes6 SEC(".maps");

SEC("xdp.frags")
int judge4(struct xdp_md *ctx) {
  const struct iphdr *ip = ipv4_header(ctx);
  struct key4 key = {.length = 32};
  const __u32 *value;

  if (!ip) return XDP_ABORTED;
  key.address = ip->saddr;
  value = bpf_map_lookup_elem(&prefixes4, &key);
  return answer(value ? *value : 0);
}

SEC("xdp.frags")
int judge6(struct xdp_md *ctx) {
  const struct ipv6hdr *ip = ipv6_header(ctx);
  struct key6 key = {.length = 128};
  const __u32 *value;

  if (!ip) return XDP_ABORTED;
  key.address = ip->saddr;
  value = bpf_map_lookup_elem(&prefixes6, &key);
  return answer(value ? *value : 0);
}

char _license[] SEC("license") = "Dual BSD/GPL";
