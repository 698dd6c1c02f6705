/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The two things that come in chains, VLAN tags and IPv6 extension headers,
 * one link at a time. Pure, like fw_parse.h. Who walks along a chain reads the
 * words and calls these: in the program, a verifier that sees only one link
 * (fw_subprograms.h). */
#ifndef FW_WALK_H
#define FW_WALK_H

#include "bpf/fw_parse.h"

/* What reading beyond the end of the frame gives. */
#define FW_NO_WORD (~0ull)
/* Of the second half of a fragment header's first word. */
#define FW_IPV6_OFFSET 0xfff8
#define FW_IPV6_MORE 1

/* What may stand in the place of an extension header's type: */
#define FW_CHAIN_CUT 0x100
#define FW_CHAIN_FRAGMENT 0x101 /* not the first */
#define FW_CHAIN_DEEP 0x102

/* Four bytes as a number, that many words behind the Ethernet header;
 * FW_NO_WORD when they are not there. `words` is at most FW_MAX_WORDS. */
static __always_inline __u64 fw_read_word(const void *frame,
                                          const void *frame_end, __u32 words) {
  const __u8 *position =
      fw_forward_far((const __u8 *)frame + ETH_HLEN, words & FW_MAX_WORDS);

  if (position + FW_WORD_BYTES > (const __u8 *)frame_end) return FW_NO_WORD;
  return bpf_ntohl(*(const __be32 *)position);
}

/* Past one tag. Its word has the tag in its first half, and in its second the
 * ethertype of what follows. */
static __always_inline struct fw_link fw_pass_tag(struct fw_link link,
                                                  __u64 word) {
  link.tag_count++;
  link.ethertype = word == FW_NO_WORD ? FW_LINK_CUT : word & 0xffff;
  if (link.tag_count == FW_MAX_VLAN_TAGS && fw_is_vlan(link.ethertype))
    link.ethertype = FW_LINK_DEEP;
  return link;
}

/* Where the word is that the next step asks for. */
static __always_inline __u32 fw_chain_words(struct fw_chain chain) {
  return (chain.offset - ETH_HLEN) / FW_WORD_BYTES;
}

/* Size of an extension header, from its first word: next type, length, and in
 * a fragment header the offset. */
static __always_inline __u32 fw_extension_bytes(__u32 type, __u32 first_word) {
  __u32 length = (first_word >> 16) & 0xff;

  if (type == IPPROTO_FRAGMENT) return 8; /* its second octet is reserved */
  if (type == IPPROTO_AH) return (length + 2) * 4;
  return (length + 1) * 8;
}

/* Past one extension header, from its first word. */
static __always_inline struct fw_chain fw_pass_extension(struct fw_chain chain,
                                                         __u64 word) {
  __u32 size = fw_extension_bytes(chain.type, (__u32)word);
  __u32 fragment = chain.type == IPPROTO_FRAGMENT ? (__u32)word : 0;

  if (word == FW_NO_WORD || chain.offset + size > chain.limit) {
    chain.type = FW_CHAIN_CUT;
    return chain;
  }
  /* Its second word. Of several, the outermost is put together first. */
  if (fragment & (FW_IPV6_OFFSET | FW_IPV6_MORE) && chain.identification == 0)
    chain.identification = fw_chain_words(chain) + 1;
  chain.offset += size;
  chain.type =
      fragment & FW_IPV6_OFFSET ? FW_CHAIN_FRAGMENT : (__u32)word >> 24;
  if (fw_chain_words(chain) > FW_MAX_WORDS) chain.type = FW_CHAIN_DEEP;
  return chain;
}

/* What is behind the last extension header, from its first word. One that is
 * left means that there are more than FW_MAX_EXT_HEADERS. */
static __always_inline struct fw_transport fw_end_chain(struct fw_chain chain,
                                                        __u64 word) {
  struct fw_transport transport = {
      FW_EXTENT_NO_PORTS, fw_port_protocol(chain.type), (__u32)word & 0xffff,
      chain.identification, 0};
  int is_cut = word == FW_NO_WORD || chain.offset + FW_WORD_BYTES > chain.limit;

  if (chain.type == FW_CHAIN_CUT) {
    transport.extent = FW_EXTENT_CHAIN_CUT;
  } else if (chain.type == FW_CHAIN_FRAGMENT) {
    transport.extent = FW_EXTENT_FRAGMENT;
  } else if (chain.type == FW_CHAIN_DEEP || fw_is_extension(chain.type)) {
    transport.extent = FW_EXTENT_CHAIN_DEEP;
  } else if (transport.protocol < FW_PORT_PROTOCOLS) {
    transport.extent = is_cut ? FW_EXTENT_PORTS_CUT : FW_EXTENT_PORTS;
  } else {
    transport.port = is_cut ? FW_NO_TYPE : (__u32)word >> 24;
  }
  if (chain.identification != 0 && transport.extent != FW_EXTENT_FRAGMENT)
    transport.extent |= FW_EXTENT_FIRST;
  return transport;
}

#endif
