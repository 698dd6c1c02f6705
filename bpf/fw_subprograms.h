/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Walking along VLAN tags and IPv6 extension headers, which is rare.
 *
 * Functions that are not static are verified once, for any arguments, so that
 * their paths do not multiply; they may take the context and numbers, and
 * return one number. The loops are unrolled: without CAP_PERFMON the verifier
 * also follows mispredicted branches, and then no loop ends. */
#ifndef FW_SUBPROGRAMS_H
#define FW_SUBPROGRAMS_H

#include "bpf/fw_helpers.h"
#include "bpf/fw_maps.h"
#include "bpf/fw_walk.h"

/* fw_read_word, where a variable may be added to a pointer. */
static __always_inline __u64 fw_read_word_at(const void *frame,
                                             const void *frame_end,
                                             __u32 words) {
  const void *position =
      frame + ETH_HLEN + (__u64)(words & FW_MAX_WORDS) * FW_WORD_BYTES;

  if (position + FW_WORD_BYTES > frame_end) return FW_NO_WORD;
  return bpf_ntohl(*(const __be32 *)position);
}

__noinline __u64 fw_load_word(struct xdp_md *ctx, __u32 words) {
  const void *frame = (const void *)(long)ctx->data;
  const void *end = (const void *)(long)ctx->data_end;

  if (!fw_is_strict) return fw_read_word_at(frame, end, words);
  return fw_read_word(frame, end, words);
}

/* struct fw_link in one number. */
__noinline __u64 fw_tagged_link(struct xdp_md *ctx, __u32 ethertype) {
  struct fw_link link = {ethertype, 0};

#pragma clang loop unroll(full)
  for (__u32 i = 0; i < FW_MAX_VLAN_TAGS; i++) {
    if (!fw_is_vlan(link.ethertype)) break;
    link = fw_pass_tag(link, fw_load_word(ctx, i));
  }
  return (__u64)link.tag_count << 32 | link.ethertype;
}

static __always_inline void fw_follow_tags(struct xdp_md *ctx,
                                           struct fw_link *link) {
  __u64 packed = fw_tagged_link(ctx, link->ethertype);

  link->ethertype = (__u32)packed;
  link->tag_count = packed >> 32;
}

/* struct fw_chain in one number, without the limit. */
static __always_inline __u64 fw_pack_chain(struct fw_chain chain) {
  return (__u64)chain.offset << 32 | chain.identification << 16 | chain.type;
}

static __always_inline struct fw_chain fw_unpack_chain(__u64 packed,
                                                       __u32 limit) {
  struct fw_chain chain = {packed >> 32, limit, packed & 0xffff,
                           packed >> 16 & 0xffff};

  return chain;
}

/* From one extension header to the next. */
__noinline __u64 fw_next_in_chain(struct xdp_md *ctx, __u64 packed,
                                  __u32 limit) {
  struct fw_chain chain = fw_unpack_chain(packed, limit);

  return fw_pack_chain(
      fw_pass_extension(chain, fw_load_word(ctx, fw_chain_words(chain))));
}

/* struct fw_transport in one number: a register instead of five. */
static __always_inline __u64
fw_pack_transport(const struct fw_transport *transport) {
  return (__u64)transport->identification << 48 | (__u64)transport->ip << 40 |
         (__u64)transport->extent << 32 | transport->protocol << 16 |
         transport->port;
}

static __always_inline struct fw_transport fw_unpack_transport(__u64 packed) {
  struct fw_transport transport = {packed >> 32 & 0xff, packed >> 16 & 0xffff,
                                   packed & 0xffff, packed >> 48,
                                   packed >> 40 & 0xff};

  return transport;
}

/* What is behind the last extension header. */
__noinline __u64 fw_behind_chain(struct xdp_md *ctx, __u64 packed,
                                 __u32 limit) {
  struct fw_chain chain = fw_unpack_chain(packed, limit);
  struct fw_transport transport =
      fw_end_chain(chain, fw_load_word(ctx, fw_chain_words(chain)));

  return fw_pack_transport(&transport);
}

/* To the end of a chain. */
static __always_inline __u64 fw_chain_end(struct xdp_md *ctx, __u64 packed,
                                          __u32 limit) {
#pragma clang loop unroll(full)
  for (int i = 0; i < FW_MAX_EXT_HEADERS; i++) {
    if (!fw_is_extension(packed & 0xffff)) break;
    packed = fw_next_in_chain(ctx, packed, limit);
  }
  return packed;
}

__noinline __u64 fw_walk_chain(struct xdp_md *ctx, __u64 packed, __u32 limit) {
  return fw_behind_chain(ctx, fw_chain_end(ctx, packed, limit), limit);
}

/* What follows the IPv6 header, which is at `ip`. */
static __always_inline struct fw_transport fw_follow_chain(
    struct xdp_md *ctx, const struct fw_chain *chain, __u32 ip) {
  struct fw_transport transport = fw_unpack_transport(
      fw_walk_chain(ctx, fw_pack_chain(*chain), chain->limit));

  transport.ip = ip;
  return transport;
}

#endif
