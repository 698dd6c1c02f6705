/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Who is never dropped. Asked only when a packet is about to be, so that those
 * that pass pay nothing; read again from the frame's front, in functions that
 * are verified once and apart. The loop is unrolled: see fw_subprograms.h. */
#ifndef FW_FAILSAFE_H
#define FW_FAILSAFE_H

#include "bpf/fw_judge.h"

/* Set before the program is loaded. Entries from fw_failsafe_count on mean
 * nothing; where there are none, the verifier takes out all of this. */
const volatile __u32 fw_failsafe_count = 0;
const volatile struct fw_failsafe_entry fw_failsafe[FW_FAILSAFE_ENTRIES] = {};

/* A protocol, which is an enum fw_port_protocol, with a destination port, in
 * one number; FW_PORT_PROTOCOLS when there is no port. */
static __always_inline __u32 fw_pack_port(int has_port, __u32 protocol,
                                          __u32 port) {
  return has_port ? protocol << 16 | port : FW_PORT_PROTOCOLS << 16;
}

/* An address in host byte order, of IPv4 in the upper half of `high`. */
__noinline int fw_matches_failsafe(__u64 high, __u64 low, __u32 packed_port,
                                   __u32 version) {
  __u32 protocol = packed_port >> 16;
  __u32 port = packed_port & 0xffff;

#pragma clang loop unroll(full)
  for (__u32 i = 0; i < FW_FAILSAFE_ENTRIES; i++) {
    const volatile struct fw_failsafe_entry *entry = &fw_failsafe[i];

    if (i >= fw_failsafe_count) break;
    if (entry->version != version) continue;
    if ((high ^ entry->high) & entry->high_mask) continue;
    if ((low ^ entry->low) & entry->low_mask) continue;
    if (entry->protocol == FW_PORT_PROTOCOLS) return 1;
    if (protocol == entry->protocol && port >= entry->first_port &&
        port <= entry->last_port)
      return 1;
  }
  return 0;
}

/* Of a packet that was read before, so that its header is known to be there:
 * in words, which are cheap to verify. `ip` is where it begins, in words behind
 * the Ethernet header. */
__noinline int fw_is_failsafe4(struct xdp_md *ctx, __u32 ip) {
  __u64 first = fw_load_word(ctx, ip);
  __u32 header_words = first >> 24 & 0xf;
  __u32 is_later = fw_load_word(ctx, ip + 1) & FW_IPV4_OFFSET;
  __u32 protocol = fw_port_protocol(fw_load_word(ctx, ip + 2) >> 16 & 0xff);
  __u64 ports = fw_load_word(ctx, ip + header_words);
  int has_port = protocol < FW_PORT_PROTOCOLS && !is_later &&
                 (header_words + 1) * FW_WORD_BYTES <= (first & 0xffff) &&
                 ports != FW_NO_WORD;

  return fw_matches_failsafe(fw_load_word(ctx, ip + 3) << 32, 0,
                             fw_pack_port(has_port, protocol, ports & 0xffff),
                             4);
}

__noinline int fw_is_failsafe6(struct xdp_md *ctx, __u64 byte_count, __u32 ip) {
  __u64 second = fw_load_word(ctx, ip + 1);
  __u32 payload_bytes = second >> 16 & 0xffff;
  struct fw_chain chain = {
      ETH_HLEN + ip * FW_WORD_BYTES + sizeof(struct ipv6hdr), 0,
      second >> 8 & 0xff, 0};
  struct fw_transport transport;

  /* A jumbogram: see fw_enter_ipv6. */
  chain.limit = payload_bytes || chain.type != IPPROTO_HOPOPTS
                    ? chain.offset + payload_bytes
                    : byte_count;
  transport = fw_unpack_transport(
      fw_walk_chain(ctx, fw_pack_chain(chain), chain.limit));
  return fw_matches_failsafe(
      fw_load_words(ctx, ip + 2), fw_load_words(ctx, ip + 4),
      fw_pack_port((transport.extent & ~FW_EXTENT_FIRST) == FW_EXTENT_PORTS,
                   transport.protocol, transport.port),
      6);
}

/* Of a packet with an address. */
__noinline int fw_is_failsafe(struct xdp_md *ctx, __u64 byte_count) {
  struct fw_cursor cursor = fw_start(ctx, byte_count);
  struct fw_link link = fw_parse_link(&cursor);

  if (fw_is_vlan(link.ethertype)) fw_follow_tags(ctx, &link);
  if (link.ethertype == ETH_P_IP) return fw_is_failsafe4(ctx, link.tag_count);
  if (link.ethertype == ETH_P_IPV6)
    return fw_is_failsafe6(ctx, byte_count, link.tag_count);
  return 0;
}

/* The last word on a packet. */
static __always_inline struct fw_outcome fw_spare(struct xdp_md *ctx,
                                                  __u64 byte_count,
                                                  struct fw_outcome outcome) {
  if (outcome.verdict == FW_VERDICT_PASS) return outcome;
  if (fw_failsafe_count != 0 && outcome.reason != FW_REASON_MALFORMED_IP &&
      fw_is_failsafe(ctx, byte_count))
    return fw_pass(FW_REASON_FAILSAFE);
  if (fw_options.shadow) outcome.verdict = FW_VERDICT_SHADOWED;
  return outcome;
}

#endif
