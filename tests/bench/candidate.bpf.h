/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What the candidates share: they parse as plainly as can be, so that what is
 * left of a measurement net of parse_only is the lookup alone, and they add up
 * their answers, so that every run can be compared with the reference. */
#ifndef FW_BENCH_CANDIDATE_BPF_H
#define FW_BENCH_CANDIDATE_BPF_H

#include <linux/if_ether.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include "bpf/fw_helpers.h"
/* After linux/types.h, which it needs. */
#include <bpf/bpf_endian.h>

/* Array values are padded to 8 bytes; a cache line of entries is not. */
#define LINE_ENTRIES 16

struct line {
  __u32 entry[LINE_ENTRIES];
};

/* An IPv6 address as two numbers in host byte order. */
struct address6 {
  __u64 high;
  __u64 low;
};

/* Since the benchmark last set them to zero. */
struct {
  __u64 hits;
  __u64 sum; /* of the values that were found */
} answers;

static __always_inline const struct iphdr *ipv4_header(struct xdp_md *ctx) {
  const struct ethhdr *ethernet = (const void *)(long)ctx->data;
  const struct iphdr *ip = (const void *)(ethernet + 1);

  if ((const void *)(ip + 1) > (const void *)(long)ctx->data_end) return NULL;
  return ethernet->h_proto == bpf_htons(ETH_P_IP) ? ip : NULL;
}

static __always_inline const struct ipv6hdr *ipv6_header(struct xdp_md *ctx) {
  const struct ethhdr *ethernet = (const void *)(long)ctx->data;
  const struct ipv6hdr *ip = (const void *)(ethernet + 1);

  if ((const void *)(ip + 1) > (const void *)(long)ctx->data_end) return NULL;
  return ethernet->h_proto == bpf_htons(ETH_P_IPV6) ? ip : NULL;
}

static __always_inline struct address6 address6_of(const struct ipv6hdr *ip) {
  const __be32 *word = ip->saddr.in6_u.u6_addr32;
  struct address6 address = {
      .high = (__u64)bpf_ntohl(word[0]) << 32 | bpf_ntohl(word[1]),
      .low = (__u64)bpf_ntohl(word[2]) << 32 | bpf_ntohl(word[3]),
  };

  return address;
}

/* `value` is that of the longest prefix, 0 for none. */
static __always_inline int answer(__u32 value) {
  answers.hits += value != 0;
  answers.sum += value;
  return value ? XDP_DROP : XDP_PASS;
}

#endif
