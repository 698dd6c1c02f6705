/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Sends real frames, each from another source, to one end of a veth pair; and
 * the bare programs that everything at the other end is compared with. */
#include <bpf/bpf_endian.h>
#include <linux/if_ether.h>
#include <linux/ip.h>

#include "bpf/fw_helpers.h"

#define SOURCES (1 << 20)

/* Addresses in the order in which they are used, and the device that the
 * frames leave by; written by the benchmark. */
__be32 sources[SOURCES];
__u32 device;

__u32 position;

/* The sum of the header without a source, and what remains of it with one:
 * RFC 1071, folded twice. */
__u32 sum_without_source;

static __always_inline __u16 checksum(__be32 source) {
  __u32 sum = sum_without_source + (source & 0xffff) + (source >> 16);

  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return ~sum;
}

SEC("xdp")
int generate(struct xdp_md *ctx) {
  struct ethhdr *ethernet = (void *)(long)ctx->data;
  struct iphdr *ip = (void *)(ethernet + 1);

  if ((void *)(ip + 1) > (void *)(long)ctx->data_end) return XDP_ABORTED;
  ip->saddr = sources[position++ % SOURCES];
  ip->check = checksum(ip->saddr);
  return bpf_redirect(device, 0);
}

SEC("xdp")
int bare_drop(struct xdp_md *ctx) { return XDP_DROP; }

SEC("xdp")
int bare_pass(struct xdp_md *ctx) { return XDP_PASS; }

/* What a filter does at least: reads the source address, and counts. */
struct parsed {
  __u64 packets;
  __u64 bytes;
  __be32 last_source;
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct parsed);
} parsed SEC(".maps");

static __always_inline int parse(struct xdp_md *ctx, int action) {
  const struct ethhdr *ethernet = (void *)(long)ctx->data;
  const struct iphdr *ip = (const void *)(ethernet + 1);
  struct parsed *counted;
  __u32 zero = 0;

  if ((const void *)(ip + 1) > (void *)(long)ctx->data_end) return XDP_ABORTED;
  if (ethernet->h_proto != bpf_htons(ETH_P_IP)) return XDP_PASS;
  counted = bpf_map_lookup_elem(&parsed, &zero);
  if (!counted) return XDP_ABORTED;
  counted->packets++;
  counted->bytes += ctx->data_end - ctx->data;
  counted->last_source = ip->saddr;
  return action;
}

SEC("xdp")
int parsed_drop(struct xdp_md *ctx) { return parse(ctx, XDP_DROP); }

SEC("xdp")
int parsed_pass(struct xdp_md *ctx) { return parse(ctx, XDP_PASS); }

char _license[] SEC("license") = "Dual BSD/GPL";
