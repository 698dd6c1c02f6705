/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* From what was read of a packet to a verdict. What could not be read is
 * dropped when a rule would have needed it, and passes otherwise. */
#ifndef FW_JUDGE_H
#define FW_JUDGE_H

#include "bpf/fw_fragment.h"
#include "bpf/fw_judge_rules.h"
#include "bpf/fw_lookup.h"
#include "bpf/fw_outcome.h"
#include "bpf/fw_parse.h"
#include "bpf/fw_subprograms.h"

/* For what cannot be read: whether a rule might have matched it. */
__noinline int fw_has_rules(__u32 active, int is_ipv4, int is_ipv6) {
  return fw_has_ordered_rules(active) || fw_has_any_port_rules(active) ||
         (is_ipv4 && fw_has_source_rules(FW_FAMILY_IPV4)) ||
         (is_ipv6 && fw_has_source_rules(FW_FAMILY_IPV6));
}

/* The same of a packet of which not enough can be read. */
static __always_inline struct fw_outcome fw_drop_if_needed(
    int is_needed, enum fw_reason reason) {
  if (fw_options.malformed == FW_MALFORMED_DROP) is_needed = 1;
  if (fw_options.malformed == FW_MALFORMED_PASS &&
      reason == FW_REASON_MALFORMED_IP)
    is_needed = 0;
  return fw_drop_if(is_needed, reason);
}

/* Whether this is among what passes although the default is to drop. */
static __always_inline int fw_keeps(enum fw_essential what) {
  return (fw_options.essential & what) != 0;
}

/* What a host needs to stay on the network, as docs/packets.md lists it; `port`
 * as in struct fw_transport, `version` of IP. */
__noinline int fw_is_essential(__u32 protocol, __u32 port, __u32 version) {
  if (protocol == FW_PORT_UDP)
    return fw_keeps(FW_ESSENTIAL_DHCP) &&
           port == (version == 4 ? FW_DHCP_CLIENT : FW_DHCPV6_CLIENT);
  if (protocol == FW_PROTOCOL_ICMP && version == 4)
    return fw_keeps(FW_ESSENTIAL_ICMP_ERRORS) &&
           (port == FW_ICMP_UNREACHABLE || port == FW_ICMP_TIME_EXCEEDED ||
            port == FW_ICMP_PARAMETER_PROBLEM);
  if (protocol != FW_PROTOCOL_ICMPV6 || version != 6) return 0;
  if (port >= FW_ICMPV6_ERROR_FIRST && port <= FW_ICMPV6_ERROR_LAST)
    return fw_keeps(FW_ESSENTIAL_ICMP_ERRORS);
  return fw_keeps(FW_ESSENTIAL_MULTICAST) &&
         ((port >= FW_MLD_FIRST && port <= FW_MLD_LAST) ||
          port == FW_MLD2_REPORT);
}

/* A packet of which no rule says anything. */
static __always_inline struct fw_outcome fw_judge_default(__u32 protocol,
                                                          __u32 port,
                                                          __u32 version) {
  if (!fw_drops_by_default()) return fw_pass(FW_REASON_NO_MATCH);
  if (fw_is_essential(protocol, port, version))
    return fw_pass(FW_REASON_ESSENTIAL);
  return fw_drop_if(1, FW_REASON_DEFAULT);
}

static __always_inline struct fw_outcome fw_judge_port(__u32 active,
                                                       __u32 protocol,
                                                       __u32 port,
                                                       __u32 version) {
  if (fw_lookup_port(active, protocol, port))
    return fw_drop_if(1, FW_REASON_PORT_BLOCKED);
  return fw_judge_default(protocol, port, version);
}

/* By what could be read of a packet. */
static __always_inline struct fw_outcome fw_judge_extent(
    __u32 active, __u32 extent, __u32 protocol, __u32 port, __u32 version) {
  switch (extent) {
    case FW_EXTENT_PORTS:
      return fw_judge_port(active, protocol, port, version);
    case FW_EXTENT_PORTS_CUT:
      return fw_drop_if_needed(fw_has_port_rules(active, protocol),
                               FW_REASON_MALFORMED_TRANSPORT);
    case FW_EXTENT_CHAIN_CUT:
      return fw_drop_if_needed(fw_has_any_port_rules(active),
                               FW_REASON_MALFORMED_TRANSPORT);
    case FW_EXTENT_CHAIN_DEEP:
      return fw_drop_if_needed(fw_has_any_port_rules(active),
                               FW_REASON_TOO_DEEP);
    default:
      return fw_judge_default(protocol, port, version);
  }
}

/* What a packet is told that is neither whole nor a later fragment; `said` as
 * fw_judge_by_rules returns it. */
static __always_inline struct fw_outcome fw_judge_part(
    __u32 active, struct fw_transport transport, __u32 version, __u64 said) {
  __u32 extent = transport.extent & ~FW_EXTENT_FIRST;

  if (said == FW_RULES_UNDECIDED)
    return fw_drop_if_needed(1, extent == FW_EXTENT_CHAIN_DEEP
                                    ? FW_REASON_TOO_DEEP
                                    : FW_REASON_MALFORMED_TRANSPORT);
  if (said != FW_RULES_SILENT) return fw_unpack_outcome(said);
  return fw_judge_extent(active, extent, transport.protocol, transport.port,
                         version);
}

/* What is cut off or a fragment. `packed` is a struct fw_transport, and what is
 * returned a struct fw_outcome in one number. */
__noinline __u64 fw_judge_unusual(struct xdp_md *ctx, __u64 packed,
                                  __u32 version, __u32 active, __u64 said) {
  struct fw_transport transport = fw_unpack_transport(packed);
  int is_first = transport.extent & FW_EXTENT_FIRST;
  int is_later = transport.extent == FW_EXTENT_FRAGMENT;
  struct fw_outcome outcome = {FW_VERDICT_PASS, FW_REASON_FRAGMENT};

  if (!is_later) {
    outcome = fw_judge_part(active, transport, version, said);
  } else if (said != FW_RULES_SILENT && said != FW_RULES_UNDECIDED) {
    return said;
  }
  if ((is_first || is_later) &&
      (fw_has_ordered_rules(active) || fw_has_any_port_rules(active))) {
    __u32 noted = fw_follow_fragment(
        ctx, transport.ip, transport.identification, version,
        is_later ? FW_VERDICT_UNSPECIFIED : fw_without_answer(outcome.verdict));

    if (is_later) outcome.verdict = noted;
  }
  return fw_pack_outcome(outcome);
}

/* A packet with an address of which no rule says anything. */
static __always_inline struct fw_outcome fw_judge_transport(
    struct xdp_md *ctx, struct fw_transport transport, __u32 version,
    __u32 active) {
  __u64 said = FW_RULES_SILENT;

  if (fw_has_ordered_rules(active))
    said =
        fw_judge_by_rules(ctx, fw_pack_transport(&transport), version, active);
  if (said == FW_RULES_SILENT) {
    if (transport.extent == FW_EXTENT_PORTS)
      return fw_judge_port(active, transport.protocol, transport.port, version);
    if (transport.extent == FW_EXTENT_NO_PORTS)
      return fw_judge_default(transport.protocol, transport.port, version);
  }
  return fw_unpack_outcome(fw_judge_unusual(ctx, fw_pack_transport(&transport),
                                            version, active, said));
}

/* The same, verified apart from the parser: see fw_lookup_source4_apart. */
__noinline __u64 fw_judge_transport_apart(struct xdp_md *ctx, __u64 packed,
                                          __u32 version, __u32 active) {
  return fw_pack_outcome(
      fw_judge_transport(ctx, fw_unpack_transport(packed), version, active));
}

static __always_inline struct fw_outcome fw_judge_behind(
    struct xdp_md *ctx, struct fw_transport transport, __u32 version,
    __u32 active, int is_strict) {
  if (!is_strict) return fw_judge_transport(ctx, transport, version, active);
  return fw_unpack_outcome(fw_judge_transport_apart(
      ctx, fw_pack_transport(&transport), version, active));
}

/* As fw_parse_ports, by the first word behind the IP headers, in host byte
 * order; FW_NO_WORD: it is not there. All protocols with ports begin with the
 * two of them. */
static __always_inline void fw_take_transport(__u32 ip_protocol, __u64 word,
                                              struct fw_transport *transport) {
  transport->extent = FW_EXTENT_NO_PORTS;
  transport->protocol = fw_port_protocol(ip_protocol);
  if (transport->protocol >= FW_PORT_PROTOCOLS) {
    transport->port = word == FW_NO_WORD ? FW_NO_TYPE : (__u32)word >> 24;
    return;
  }
  transport->extent = FW_EXTENT_PORTS_CUT;
  if (word == FW_NO_WORD) return;
  transport->extent = FW_EXTENT_PORTS;
  transport->port = (__u32)word & 0xffff;
}

/* What is behind an IPv4 header, as fw_parse_behind_ipv4, verified apart from
 * what is before it. Reads word by word, because a verifier without CAP_PERFMON
 * follows every way in which a pointer moves there. Returns a struct
 * fw_transport in one number. */
__noinline __u64 fw_parse_behind4_apart(struct xdp_md *ctx, __u64 tag_count) {
  __u32 ip = (__u32)tag_count & FW_MAX_WORDS;
  __u64 first = fw_load_word(ctx, ip);
  __u64 second = fw_load_word(ctx, ip + 1);
  __u32 ip_protocol = (__u32)fw_load_word(ctx, ip + 2) >> 16 & 0xff;
  __u32 fragment = (__u32)second & (FW_IPV4_OFFSET | FW_IPV4_MORE);
  __u32 words = (__u32)first >> 24 & 0xf;
  struct fw_transport transport = {.extent = FW_EXTENT_NO_PORTS};
  __u64 behind = FW_NO_WORD;

  transport.ip = ip;
  transport.identification = ip + 1;
  if ((fragment & FW_IPV4_OFFSET) == 1 && ip_protocol == IPPROTO_TCP) {
    /* RFC 3128, as there. */
    transport.extent = FW_EXTENT_PORTS_CUT;
    transport.protocol = FW_PORT_TCP;
    return fw_pack_transport(&transport);
  }
  if (fragment & FW_IPV4_OFFSET) {
    transport.extent = FW_EXTENT_FRAGMENT;
    return fw_pack_transport(&transport);
  }
  if ((words + 1) * FW_WORD_BYTES <= ((__u32)first & 0xffff))
    behind = fw_load_word(ctx, ip + words);
  fw_take_transport(ip_protocol, behind, &transport);
  if (fragment) transport.extent |= FW_EXTENT_FIRST;
  return fw_pack_transport(&transport);
}

/* Addresses come first: what cannot be read further is still blocked by its
 * address. `is_strict` is a constant: whether this is for a verifier without
 * CAP_PERFMON. */
static __always_inline struct fw_outcome fw_judge_ipv4(struct xdp_md *ctx,
                                                       struct fw_place place,
                                                       __u32 active,
                                                       int is_strict) {
  struct fw_cursor cursor = fw_at_ip(ctx, place);
  __be32 source;
  __u32 verdict;

  if (!fw_parse_ipv4(&cursor, &source))
    return fw_drop_if_needed(fw_has_rules(active, 1, 0),
                             FW_REASON_MALFORMED_IP);
  verdict = fw_verdict_of(is_strict ? fw_lookup_source4_apart(active, source)
                                    : fw_lookup_source4(active, source));
  if (verdict == FW_ENTRY_BLOCK) return fw_drop_if(1, FW_REASON_SOURCE_BLOCKED);
  if (verdict == FW_ENTRY_ALLOW) return fw_pass(FW_REASON_SOURCE_ALLOWED);
  if (!is_strict) {
    cursor = fw_at_ip(ctx, place);
    if (!fw_is_fragment4(&cursor))
      return fw_judge_transport(ctx, fw_parse_behind_ipv4(&cursor), 4, active);
  }
  return fw_unpack_outcome(fw_judge_transport_apart(
      ctx, fw_parse_behind4_apart(ctx, place.tag_count), 4, active));
}

static __always_inline struct fw_outcome fw_judge_ipv6(struct xdp_md *ctx,
                                                       struct fw_place place,
                                                       __u32 active,
                                                       int is_strict) {
  struct fw_cursor cursor = fw_at_ip(ctx, place);
  int is_neighbor_discovery;
  struct fw_transport transport;
  struct fw_source6 source;
  struct fw_chain chain;
  __u32 verdict;

  if (!fw_parse_ipv6(cursor, &source, &is_neighbor_discovery))
    return fw_drop_if_needed(fw_has_rules(active, 0, 1),
                             FW_REASON_MALFORMED_IP);
  /* Else a block of fe80::/10 would take the host off the network. */
  if (is_neighbor_discovery && fw_keeps(FW_ESSENTIAL_NEIGHBORS))
    return fw_pass(FW_REASON_NEIGHBOR_DISCOVERY);
  verdict = fw_verdict_of(
      is_strict ? fw_lookup_source6_apart(active, source.high, source.low)
                : fw_lookup_source6(active, source.high, source.low));
  if (verdict == FW_ENTRY_BLOCK) return fw_drop_if(1, FW_REASON_SOURCE_BLOCKED);
  if (verdict == FW_ENTRY_ALLOW) return fw_pass(FW_REASON_SOURCE_ALLOWED);
  cursor = fw_at_ip(ctx, place);
  transport = fw_parse_behind_ipv6(&cursor, &chain);
  if (transport.extent == FW_EXTENT_CHAIN)
    transport = fw_follow_chain(ctx, &chain, transport.ip);
  return fw_judge_behind(ctx, transport, 6, active, is_strict);
}

/* What is no IP packet, or may hide one. */
static __always_inline struct fw_outcome fw_judge_link(__u32 ethertype,
                                                       __u32 active) {
  switch (ethertype) {
    case FW_LINK_CUT:
      return fw_drop_if_needed(fw_has_rules(active, 1, 1),
                               FW_REASON_MALFORMED_IP);
    case FW_LINK_DEEP:
      return fw_drop_if_needed(fw_has_rules(active, 1, 1), FW_REASON_TOO_DEEP);
    default:
      return fw_pass(FW_REASON_NOT_IP);
  }
}

#endif
