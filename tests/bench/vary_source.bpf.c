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

struct source4 {
  __u8 bytes[4];
};
struct source6 {
  __u8 bytes[16];
};

/* Key 0: the program under test. */
struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} next SEC(".maps");

/* Addresses in the order in which they are used; written by the benchmark. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, SOURCES);
  __type(key, __u32);
  __type(value, struct source4);
} sources4 SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, SOURCES);
  __type(key, __u32);
  __type(value, struct source6);
} sources6 SEC(".maps");

__u32 position;

SEC("xdp.frags")
int vary4(struct xdp_md *ctx) {
  __u32 key = position++ & (SOURCES - 1);
  struct source4 *source = bpf_map_lookup_elem(&sources4, &key);
  __u8 *packet = (__u8 *)(long)ctx->data;
  if (source && packet + SOURCE4_OFFSET + 4 <= (__u8 *)(long)ctx->data_end)
    __builtin_memcpy(packet + SOURCE4_OFFSET, source->bytes, 4);
  bpf_tail_call(ctx, &next, 0);
  return XDP_ABORTED;
}

SEC("xdp.frags")
int vary6(struct xdp_md *ctx) {
  __u32 key = position++ & (SOURCES - 1);
  struct source6 *source = bpf_map_lookup_elem(&sources6, &key);
  __u8 *packet = (__u8 *)(long)ctx->data;
  if (source && packet + SOURCE6_OFFSET + 16 <= (__u8 *)(long)ctx->data_end)
    __builtin_memcpy(packet + SOURCE6_OFFSET, source->bytes, 16);
  bpf_tail_call(ctx, &next, 0);
  return XDP_ABORTED;
}

/* What everything else is measured net of. */
SEC("xdp.frags")
int empty(struct xdp_md *ctx) { return XDP_PASS; }

char _license[] SEC("license") = "Dual BSD/GPL";
