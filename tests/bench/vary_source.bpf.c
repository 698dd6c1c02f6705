/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Gives each repetition of one packet another source address, and hands it to
 * the program under test by a tail call: one repeated packet would keep every
 * table in the cache. All of them take frames in several buffers, because the
 * program under test does and tail calls want their ends alike. */
#include "bpf/fw_helpers.h"

#define SOURCES (1 << 20)
#define ETHERNET_BYTES 14
#define SOURCE4_OFFSET (ETHERNET_BYTES + 12)
#define SOURCE6_OFFSET (ETHERNET_BYTES + 8)

/* Key 0: the program under test. */
struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} next SEC(".maps");

/* Addresses in the order in which they are used; written by the benchmark. */
__be32 sources4[SOURCES];
__u8 sources6[SOURCES][16];

__u32 position;

/* Before the IP header, beside Ethernet's own. */
const volatile __u32 tag_bytes = 0;

SEC("xdp.frags")
int vary4(struct xdp_md *ctx) {
  const __be32 *source = &sources4[position++ % SOURCES];
  __u8 *packet = (__u8 *)(long)ctx->data + tag_bytes;

  if (packet + SOURCE4_OFFSET + sizeof(*source) <= (__u8 *)(long)ctx->data_end)
    __builtin_memcpy(packet + SOURCE4_OFFSET, source, sizeof(*source));
  bpf_tail_call(ctx, &next, 0);
  return XDP_ABORTED;
}

SEC("xdp.frags")
int vary6(struct xdp_md *ctx) {
  const __u8(*source)[16] = &sources6[position++ % SOURCES];
  __u8 *packet = (__u8 *)(long)ctx->data + tag_bytes;

  if (packet + SOURCE6_OFFSET + sizeof(*source) <= (__u8 *)(long)ctx->data_end)
    __builtin_memcpy(packet + SOURCE6_OFFSET, source, sizeof(*source));
  bpf_tail_call(ctx, &next, 0);
  return XDP_ABORTED;
}

/* What everything else is measured net of. */
SEC("xdp.frags")
int empty(struct xdp_md *ctx) { return XDP_PASS; }

char _license[] SEC("license") = "Dual BSD/GPL";
