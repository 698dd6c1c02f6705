/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The two things that come in chains: VLAN tags and IPv6 extension headers.
 * Pure, like fw_parse.h; but frames are read through a function that reads one
 * word, because the verifier would follow a pointer along every possible
 * chain. */
#ifndef FW_WALK_H
#define FW_WALK_H

#include "bpf/fw_parse.h"

/* What reading a word beyond the end of the frame gives. */
#define FW_NO_WORD (~0ull)

/* Farthest header that is looked at. */
#define FW_MAX_CHAIN_OFFSET (ETH_HLEN + FW_MAX_WORDS * FW_WORD_BYTES)
/* Of the second half of a fragment header's first word. */
#define FW_IPV6_OFFSET 0xfff8

/* Reads 4 bytes, as a number in host byte order, that many words behind the
 * Ethernet header of a frame. */
typedef __u64 (*fw_word_reader)(void *frame, __u32 words);

static __always_inline __u64 fw_read_word(const void *frame,
                                          const void *frame_end, __u32 words) {
  const __u8 *position =
      fw_forward_far((const __u8 *)frame + ETH_HLEN, words & FW_MAX_WORDS);

  if (position + FW_WORD_BYTES > (const __u8 *)frame_end) return FW_NO_WORD;
  return bpf_ntohl(*(const __be32 *)position);
}

/* The tags of a frame in which fw_parse_link found the first. */
static __always_inline struct fw_link fw_walk_tags(void *frame,
                                                   fw_word_reader read_word) {
  struct fw_link link = {FW_LINK_DEEP, 0};

  while (link.tag_count < FW_MAX_VLAN_TAGS) {
    __u64 tag = read_word(frame, link.tag_count);

    if (tag == FW_NO_WORD) {
      link.ethertype = FW_LINK_CUT;
      return link;
    }
    link.tag_count++;
    link.ethertype = tag & 0xffff;
    if (!fw_is_vlan(link.ethertype)) return link;
  }
  link.ethertype = FW_LINK_DEEP;
  return link;
}

/* Size of an extension header, from its first word: next type, length, and in
 * a fragment header the offset. */
static __always_inline __u32 fw_extension_bytes(__u32 type, __u32 first_word) {
  __u32 length = (first_word >> 16) & 0xff;

  if (type == IPPROTO_FRAGMENT) return 8; /* its second octet is reserved */
  if (type == IPPROTO_AH) return (length + 2) * 4;
  return (length + 1) * 8;
}

static __always_inline struct fw_transport fw_chain_end(__u32 extent) {
  struct fw_transport transport = {extent, FW_PORT_PROTOCOLS, 0};

  return transport;
}

/* The ports behind the last extension header. */
static __always_inline struct fw_transport fw_chain_ports(
    void *frame, fw_word_reader read_word, struct fw_chain chain) {
  struct fw_transport transport = {FW_EXTENT_NO_PORTS,
                                   fw_port_protocol(chain.type), 0};
  __u64 word;

  if (transport.protocol == FW_PORT_PROTOCOLS) return transport;
  transport.extent = FW_EXTENT_PORTS_CUT;
  if (chain.offset + FW_WORD_BYTES > chain.limit) return transport;
  word = read_word(frame, (chain.offset - ETH_HLEN) / FW_WORD_BYTES);
  if (word == FW_NO_WORD) return transport;
  transport.extent = FW_EXTENT_PORTS;
  transport.port = word & 0xffff;
  return transport;
}

/* From the first extension header to what is behind the last. */
static __always_inline struct fw_transport fw_walk_chain(
    void *frame, fw_word_reader read_word, struct fw_chain chain) {
  for (int i = 0; fw_is_extension(chain.type); i++) {
    __u64 word;
    __u32 size;

    if (i >= FW_MAX_EXT_HEADERS) return fw_chain_end(FW_EXTENT_CHAIN_DEEP);
    if (chain.offset + 8 > chain.limit)
      return fw_chain_end(FW_EXTENT_CHAIN_CUT);
    word = read_word(frame, (chain.offset - ETH_HLEN) / FW_WORD_BYTES);
    if (word == FW_NO_WORD) return fw_chain_end(FW_EXTENT_CHAIN_CUT);
    if (chain.type == IPPROTO_FRAGMENT && (word & FW_IPV6_OFFSET))
      return fw_chain_end(FW_EXTENT_FRAGMENT);
    size = fw_extension_bytes(chain.type, (__u32)word);
    if (chain.offset + size > chain.limit)
      return fw_chain_end(FW_EXTENT_CHAIN_CUT);
    chain.offset += size;
    chain.type = (__u32)word >> 24;
    if (chain.offset > FW_MAX_CHAIN_OFFSET)
      return fw_chain_end(FW_EXTENT_CHAIN_DEEP);
  }
  return fw_chain_ports(frame, read_word, chain);
}

#endif
