/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* From a frame to what the rules ask of it: source address, protocol and
 * destination port. Pure: no helpers, no maps; compiles for the kernel, and
 * for the host as C and C++. What counts as broken is what Linux would not
 * deliver (ip_rcv, ip6_rcv and skb_vlan_untag in net/). */
#ifndef FW_PARSE_H
#define FW_PARSE_H

#include <bpf/bpf_endian.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include "bpf/fw_abi.h"
#include "bpf/fw_cursor.h"

/* Not in the kernel's uapi headers. */
#define FW_IPPROTO_HIP 139    /* RFC 7401 */
#define FW_IPPROTO_SHIM6 140  /* RFC 5533 */
#define FW_IPV4_OFFSET 0x1fff /* of frag_off */
#define FW_IPV4_MORE 0x2000   /* the same */
/* IPv4: ICMP errors (RFC 792), and the DHCP client's port (RFC 2131) */
#define FW_ICMP_UNREACHABLE 3 /* with it: fragmentation needed (RFC 1191) */
#define FW_ICMP_TIME_EXCEEDED 11
#define FW_ICMP_PARAMETER_PROBLEM 12
#define FW_DHCP_CLIENT 68
/* IPv6: errors (RFC 4443; Packet Too Big is one), groups (RFC 2710, 3810), and
 * the DHCP client's port (RFC 8415) */
#define FW_ICMPV6_ERROR_FIRST 1
#define FW_ICMPV6_ERROR_LAST 4
#define FW_MLD_FIRST 130
#define FW_MLD_LAST 132
#define FW_MLD2_REPORT 143
#define FW_DHCPV6_CLIENT 546
#define FW_ND_FIRST 133 /* ICMPv6 type: router solicitation */
#define FW_ND_LAST 136  /* neighbour advertisement */

/* How far a packet with an address could be read. */
enum fw_extent {
  FW_EXTENT_PORTS,     /* down to the destination port */
  FW_EXTENT_NO_PORTS,  /* to a protocol that has none, or hides it */
  FW_EXTENT_FRAGMENT,  /* a piece of a packet, not its first */
  FW_EXTENT_PORTS_CUT, /* the protocol is known, its ports are missing */
  FW_EXTENT_CHAIN,     /* IPv6 extension headers follow: see fw_walk.h */
  FW_EXTENT_CHAIN_CUT, /* they break off: not even the protocol is known */
  FW_EXTENT_CHAIN_DEEP,
};
/* Added to one of them: the packet is the first fragment of a datagram. */
#define FW_EXTENT_FIRST 0x10u

/* What has a type in the place of ports. */
#define FW_PROTOCOL_ICMP (FW_PORT_PROTOCOLS + 1)
#define FW_PROTOCOL_ICMPV6 (FW_PORT_PROTOCOLS + 2)
#define FW_NO_TYPE 0x100

/* What is behind the IP header. */
struct fw_transport {
  __u32 extent; /* enum fw_extent, and FW_EXTENT_FIRST */
  /* enum fw_port_protocol with PORTS and PORTS_CUT; with NO_PORTS one of the
   * two below, or FW_PORT_PROTOCOLS. */
  __u32 protocol;
  /* With PORTS the destination port, in host byte order; of the two below the
   * type, or FW_NO_TYPE where it is cut off. */
  __u32 port;
  /* Fragments: where their identification is, in words behind the Ethernet
   * header; and, of all packets, the IP header. */
  __u32 identification;
  __u32 ip;
};

/* What is below the IP header. */
struct fw_link {
  __u32 ethertype; /* host byte order, or one of the two below */
  __u32 tag_count;
};
#define FW_LINK_CUT 0x10000  /* ends before there is an ethertype */
#define FW_LINK_DEEP 0x10001 /* more than FW_MAX_VLAN_TAGS */

/* Where IPv6 extension headers begin. */
struct fw_chain {
  __u32 offset; /* of the first one, in bytes from the start of the frame */
  __u32 limit;  /* the end of the datagram, likewise */
  __u32 type;   /* of the first one, as next-header fields number it */
  __u32 identification; /* as in struct fw_transport; 0: no fragment so far */
};

/* An IPv6 address in two halves. */
struct fw_source6 {
  __be64 high;
  __be64 low;
};

/* The tags that Linux takes off by itself, any number of them. */
static __always_inline int fw_is_vlan(__u32 ethertype) {
  return ethertype == ETH_P_8021Q || ethertype == ETH_P_8021AD;
}

/* As struct ethhdr, which is packed and so would be read by the byte. */
struct fw_ethernet {
  __u8 addresses[2 * ETH_ALEN];
  __be16 ethertype;
};

struct fw_vlan_tag {
  __be16 control;
  __be16 ethertype; /* of what follows */
};

/* The Ethernet header. More than one tag, which is rare, is left to
 * fw_pass_tag. */
static __always_inline struct fw_link fw_parse_link(struct fw_cursor *cursor) {
  const struct fw_ethernet *ethernet =
      (const struct fw_ethernet *)cursor->position;
  struct fw_link link = {FW_LINK_CUT, 0};

  if (!fw_frame_has(cursor, sizeof(*ethernet))) return link;
  fw_skip(cursor, sizeof(*ethernet));
  link.ethertype = bpf_ntohs(ethernet->ethertype);
  return link;
}

/* What a tag announces, an ethertype or FW_LINK_CUT. */
static __always_inline __u32 fw_parse_tag(const struct fw_cursor *cursor) {
  const struct fw_vlan_tag *tag = (const struct fw_vlan_tag *)cursor->position;

  return fw_frame_has(cursor, sizeof(*tag)) ? bpf_ntohs(tag->ethertype)
                                            : FW_LINK_CUT;
}

/* Moves behind the tags, which are known to be there. */
static __always_inline void fw_skip_tags(struct fw_cursor *cursor,
                                         __u32 tag_count) {
  if (tag_count == 0) return;
  fw_skip_words(cursor, (tag_count - 1) % FW_MAX_VLAN_TAGS);
  fw_skip(cursor, sizeof(struct fw_vlan_tag));
}

static __always_inline int fw_is_extension(__u32 type) {
  return type == IPPROTO_HOPOPTS || type == IPPROTO_ROUTING ||
         type == IPPROTO_FRAGMENT || type == IPPROTO_AH ||
         type == IPPROTO_DSTOPTS || type == IPPROTO_MH ||
         type == FW_IPPROTO_HIP || type == FW_IPPROTO_SHIM6;
}

/* An enum fw_port_protocol; for a protocol without ports as in struct
 * fw_transport. */
static __always_inline __u32 fw_port_protocol(__u32 ip_protocol) {
  switch (ip_protocol) {
    case IPPROTO_TCP:
      return FW_PORT_TCP;
    case IPPROTO_UDP:
      return FW_PORT_UDP;
    case IPPROTO_SCTP:
      return FW_PORT_SCTP;
    case IPPROTO_UDPLITE:
      return FW_PORT_UDPLITE;
    case IPPROTO_DCCP:
      return FW_PORT_DCCP;
    case IPPROTO_ICMP:
      return FW_PROTOCOL_ICMP;
    case IPPROTO_ICMPV6:
      return FW_PROTOCOL_ICMPV6;
    default:
      return FW_PORT_PROTOCOLS;
  }
}

/* How all of them begin. */
struct fw_ports {
  __be16 source;
  __be16 destination;
};

static __always_inline void fw_parse_ports(const struct fw_cursor *cursor,
                                           __u32 ip_protocol,
                                           struct fw_transport *transport) {
  const struct fw_ports *ports = (const struct fw_ports *)cursor->position;

  transport->extent = FW_EXTENT_NO_PORTS;
  transport->protocol = fw_port_protocol(ip_protocol);
  if (transport->protocol >= FW_PORT_PROTOCOLS) {
    transport->port =
        fw_has(cursor, FW_WORD_BYTES) ? *cursor->position : FW_NO_TYPE;
    return;
  }
  transport->extent = FW_EXTENT_PORTS_CUT;
  if (!fw_has(cursor, sizeof(*ports))) return;
  transport->extent = FW_EXTENT_PORTS;
  transport->port = bpf_ntohs(ports->destination);
}

static __always_inline struct fw_source6 fw_source6_of(
    const struct ipv6hdr *ip) {
  struct fw_source6 source;

  __builtin_memcpy(&source, &ip->saddr, sizeof(source));
  return source;
}

/* Whether an IPv4 packet begins here, and its source: Linux drops what is
 * broken. */
static __always_inline int fw_parse_ipv4(const struct fw_cursor *cursor,
                                         __be32 *source) {
  const struct iphdr *ip = (const struct iphdr *)cursor->position;
  __u32 header_bytes, total_bytes;

  if (!fw_frame_has(cursor, sizeof(*ip))) return 0;
  if (ip->version != 4 || ip->ihl < 5) return 0;
  header_bytes = ip->ihl * 4u;
  total_bytes = bpf_ntohs(ip->tot_len);
  if (total_bytes < header_bytes) return 0;
  if (cursor->offset + total_bytes > cursor->limit) return 0;
  *source = ip->saddr;
  return 1;
}

/* Of a packet that begins here. */
static __always_inline int fw_is_fragment4(const struct fw_cursor *cursor) {
  const struct iphdr *ip = (const struct iphdr *)cursor->position;

  return fw_frame_has(cursor, sizeof(*ip)) &&
         ip->frag_off & bpf_htons(FW_IPV4_OFFSET | FW_IPV4_MORE);
}

/* What is behind the header of an IPv4 packet that begins here. The header is
 * read a second time: what is known of a packet while its address is looked up
 * takes registers, and the verifier would follow every kind of packet through
 * the look-up. */
static __always_inline struct fw_transport fw_parse_behind_ipv4(
    struct fw_cursor *cursor) {
  const struct iphdr *ip = (const struct iphdr *)cursor->position;
  struct fw_transport transport = {};
  __u32 fragment;

  transport.extent = FW_EXTENT_NO_PORTS;
  if (!fw_frame_has(cursor, sizeof(*ip)))
    return transport; /* for the verifier */
  cursor->limit = cursor->offset + bpf_ntohs(ip->tot_len);
  fragment = fw_is_fragment4(cursor) ? bpf_ntohs(ip->frag_off) : 0;
  transport.ip = (__u32)(cursor->offset - ETH_HLEN) / FW_WORD_BYTES;
  transport.identification = transport.ip + 1;
  if ((fragment & FW_IPV4_OFFSET) == 1 && ip->protocol == IPPROTO_TCP) {
    /* RFC 3128: it could rewrite the header that the first piece began. */
    transport.extent = FW_EXTENT_PORTS_CUT;
    transport.protocol = FW_PORT_TCP;
    return transport;
  }
  if (fragment & FW_IPV4_OFFSET) {
    transport.extent = FW_EXTENT_FRAGMENT;
    return transport;
  }
  fw_skip(cursor, sizeof(*ip));
  if (ip->ihl != 5) fw_skip_words(cursor, ip->ihl - 5u);
  fw_parse_ports(cursor, ip->protocol, &transport);
  if (fragment) transport.extent |= FW_EXTENT_FIRST;
  return transport;
}

/* Router and neighbour solicitation and advertisement (RFC 4861). They carry
 * no extension headers, and nobody beyond the link can send them: a router
 * would have lowered the hop limit. */
static __always_inline int fw_is_neighbor_discovery(
    const struct fw_cursor *cursor, const struct ipv6hdr *ip) {
  const __u8 *type = cursor->position;

  return ip->nexthdr == IPPROTO_ICMPV6 && ip->hop_limit == 255 &&
         fw_has(cursor, 1) && *type >= FW_ND_FIRST && *type <= FW_ND_LAST;
}

/* Whether an IPv6 packet begins here. Moves behind its header, and the limit to
 * the end of the datagram. */
static __always_inline int fw_enter_ipv6(struct fw_cursor *cursor) {
  const struct ipv6hdr *ip = (const struct ipv6hdr *)cursor->position;
  __u32 payload_bytes;

  if (!fw_frame_has(cursor, sizeof(*ip)) || ip->version != 6) return 0;
  fw_skip(cursor, sizeof(*ip));
  payload_bytes = bpf_ntohs(ip->payload_len);
  /* No length and hop-by-hop options: a jumbogram to Linux, which then takes
   * the whole frame, also when the options do not say so. */
  if (payload_bytes == 0 && ip->nexthdr == IPPROTO_HOPOPTS) return 1;
  if (cursor->offset + payload_bytes > cursor->limit) return 0;
  cursor->limit = cursor->offset + payload_bytes;
  return 1;
}

/* The same with its source, and whether it is neighbour discovery. */
static __always_inline int fw_parse_ipv6(struct fw_cursor cursor,
                                         struct fw_source6 *source,
                                         int *is_neighbor_discovery) {
  const struct ipv6hdr *ip = (const struct ipv6hdr *)cursor.position;

  if (!fw_enter_ipv6(&cursor)) return 0;
  *source = fw_source6_of(ip);
  *is_neighbor_discovery = fw_is_neighbor_discovery(&cursor, ip);
  return 1;
}

/* What is behind the header, as fw_parse_behind_ipv4. Extension headers, which
 * are rare, are left to fw_pass_extension: then there is a chain. */
static __always_inline struct fw_transport fw_parse_behind_ipv6(
    struct fw_cursor *cursor, struct fw_chain *chain) {
  const struct ipv6hdr *ip = (const struct ipv6hdr *)cursor->position;
  struct fw_transport transport = {};

  transport.extent = FW_EXTENT_NO_PORTS;
  transport.ip = (__u32)(cursor->offset - ETH_HLEN) / FW_WORD_BYTES;
  if (!fw_enter_ipv6(cursor)) return transport; /* for the verifier */
  if (!fw_is_extension(ip->nexthdr)) {
    fw_parse_ports(cursor, ip->nexthdr, &transport);
    return transport;
  }
  transport.extent = FW_EXTENT_CHAIN;
  chain->offset = (__u32)cursor->offset;
  chain->limit = (__u32)cursor->limit;
  chain->type = ip->nexthdr;
  chain->identification = 0;
  return transport;
}

#endif
