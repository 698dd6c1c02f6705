/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* No lookup either, but what none can do without: one line, known from the
 * address alone, out of as much memory as the rules take when nothing is kept
 * of each but the least. Answers as parse_only. */
#include "tests/bench/candidate.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct line);
} lines SEC(".maps");

const volatile __u32 line_count = 1;

/* What is in the line of an address, which is 0. */
static __always_inline __u32 load(__u64 address) {
  __u32 hash = (__u32)(address * 0x9e3779b97f4a7c15ull >> 32);
  __u32 key = (__u32)((__u64)hash * line_count >> 32);
  const struct line *line = bpf_map_lookup_elem(&lines, &key);

  return line ? *(const volatile __u32 *)&line->entry[0] : 0;
}

SEC("xdp.frags")
int judge4(struct xdp_md *ctx) {
  const struct iphdr *ip = ipv4_header(ctx);

  if (!ip) return XDP_ABORTED;
  return answer(bpf_ntohl(ip->saddr) + load(ip->saddr));
}

SEC("xdp.frags")
int judge6(struct xdp_md *ctx) {
  const struct ipv6hdr *ip = ipv6_header(ctx);
  struct address6 address;

  if (!ip) return XDP_ABORTED;
  address = address6_of(ip);
  return answer(address.high + address.low + load(address.high ^ address.low));
}

char _license[] SEC("license") = "Dual BSD/GPL";
