/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The kernel's hash map: hosts only. */
#include "tests/bench/candidate.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1);
  __type(key, __be32);
  __type(value, __u32);
} hosts4 SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1);
  __type(key, struct in6_addr);
  __type(value, __u32);
} hosts6 SEC(".maps");

SEC("xdp.frags")
int judge4(struct xdp_md *ctx) {
  const struct iphdr *ip = ipv4_header(ctx);
  const __u32 *value;
  __be32 key;

  if (!ip) return XDP_ABORTED;
  key = ip->saddr;
  value = bpf_map_lookup_elem(&hosts4, &key);
  return answer(value ? *value : 0);
}

SEC("xdp.frags")
int judge6(struct xdp_md *ctx) {
  const struct ipv6hdr *ip = ipv6_header(ctx);
  struct in6_addr key;
  const __u32 *value;

  if (!ip) return XDP_ABORTED;
  key = ip->saddr;
  value = bpf_map_lookup_elem(&hosts6, &key);
  return answer(value ? *value : 0);
}

char _license[] SEC("license") = "Dual BSD/GPL";
