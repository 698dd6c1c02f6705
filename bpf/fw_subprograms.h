/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* fw_walk.h as functions of their own. Not static, so that each is verified
 * once and for any arguments, and their many paths do not multiply. Such
 * functions may take the context and numbers, and return one number. */
#ifndef FW_SUBPROGRAMS_H
#define FW_SUBPROGRAMS_H

#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>

#include "bpf/fw_walk.h"

__noinline __u64 fw_load_word(struct xdp_md *ctx, __u32 words) {
  return fw_read_word((const void *)(long)ctx->data,
                      (const void *)(long)ctx->data_end, words);
}

static __always_inline __u64 fw_read_xdp_word(void *frame, __u32 words) {
  return fw_load_word((struct xdp_md *)frame, words);
}

/* struct fw_link in one number. */
__noinline __u64 fw_tagged_link(struct xdp_md *ctx) {
  struct fw_link link = fw_walk_tags(ctx, fw_read_xdp_word);

  return (__u64)link.tag_count << 32 | link.ethertype;
}

static __always_inline struct fw_link fw_follow_tags(struct xdp_md *ctx) {
  __u64 packed = fw_tagged_link(ctx);
  struct fw_link link = {(__u32)packed, (__u32)(packed >> 32)};

  return link;
}

/* struct fw_transport in one number. */
__noinline __u64 fw_chain_transport(struct xdp_md *ctx, __u32 offset,
                                    __u32 limit, __u32 type) {
  struct fw_chain chain = {offset, limit, type};
  struct fw_transport transport = fw_walk_chain(ctx, fw_read_xdp_word, chain);

  return (__u64)transport.extent << 32 | transport.protocol << 16 |
         transport.port;
}

static __always_inline struct fw_transport fw_follow_chain(
    struct xdp_md *ctx, struct fw_chain chain) {
  __u64 packed =
      fw_chain_transport(ctx, chain.offset, chain.limit, chain.type);
  struct fw_transport transport = {(__u32)(packed >> 32),
                                   (packed >> 16) & 0xffff, packed & 0xffff};

  return transport;
}

#endif
