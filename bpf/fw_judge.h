/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* From what was read of a packet to a verdict. What could not be read is
 * dropped when a rule would have needed it, and passes otherwise. */
#ifndef FW_JUDGE_H
#define FW_JUDGE_H

#include "bpf/fw_lookup.h"
#include "bpf/fw_parse.h"
#include "bpf/fw_subprograms.h"

struct fw_outcome {
  __u32 verdict; /* enum fw_verdict */
  __u32 reason;  /* enum fw_reason */
};

static __always_inline struct fw_outcome fw_drop_if(int condition,
                                                    enum fw_reason reason) {
  struct fw_outcome outcome = {condition ? FW_VERDICT_DROP : FW_VERDICT_PASS,
                               reason};

  return outcome;
}

static __always_inline struct fw_outcome fw_pass(enum fw_reason reason) {
  return fw_drop_if(0, reason);
}

/* A packet with an address that no rule blocks. */
static __always_inline struct fw_outcome fw_judge_transport(
    const struct fw_transport *transport) {
  switch (transport->extent) {
    case FW_EXTENT_PORTS:
      if (fw_lookup_port(transport->protocol, transport->port))
        return fw_drop_if(1, FW_REASON_PORT_BLOCKED);
      return fw_pass(FW_REASON_NO_MATCH);
    case FW_EXTENT_FRAGMENT:
      return fw_pass(FW_REASON_FRAGMENT);
    case FW_EXTENT_PORTS_CUT:
      return fw_drop_if(fw_has_port_rules(transport->protocol),
                        FW_REASON_MALFORMED_TRANSPORT);
    case FW_EXTENT_CHAIN_CUT:
      return fw_drop_if(fw_has_any_port_rules(), FW_REASON_MALFORMED_TRANSPORT);
    case FW_EXTENT_CHAIN_DEEP:
      return fw_drop_if(fw_has_any_port_rules(), FW_REASON_TOO_DEEP);
    default:
      return fw_pass(FW_REASON_NO_MATCH);
  }
}

/* The same when the tables know the address. */
static __always_inline struct fw_outcome fw_judge_source(
    __u32 entry, const struct fw_transport *transport) {
  __u32 verdict = fw_verdict_of(entry);

  if (verdict == FW_ENTRY_BLOCK) return fw_drop_if(1, FW_REASON_SOURCE_BLOCKED);
  if (verdict == FW_ENTRY_ALLOW) return fw_pass(FW_REASON_SOURCE_ALLOWED);
  return fw_judge_transport(transport);
}

/* For what cannot be read: whether a rule might have matched it. */
static __noinline int fw_has_rules(int is_ipv4, int is_ipv6) {
  return fw_has_any_port_rules() ||
         (is_ipv4 && fw_has_source_rules(FW_FAMILY_IPV4)) ||
         (is_ipv6 && fw_has_source_rules(FW_FAMILY_IPV6));
}

/* Addresses come first: what cannot be read further is still blocked by its
 * address. `is_strict` is a constant: whether this is for a verifier without
 * CAP_PERFMON. */
static __always_inline struct fw_outcome fw_judge_ipv4(struct fw_cursor *cursor,
                                                       int is_strict) {
  __be32 source;
  __u32 entry;
  struct fw_packet packet = {};

  if (!fw_parse_ipv4(cursor, &source, &packet))
    return fw_drop_if(fw_has_rules(1, 0), FW_REASON_MALFORMED_IP);
  entry =
      is_strict ? fw_lookup_source4_apart(source) : fw_lookup_source4(source);
  if (entry) return fw_judge_source(entry, &packet.transport);
  return fw_judge_transport(&packet.transport);
}

static __always_inline struct fw_outcome fw_judge_ipv6(struct xdp_md *ctx,
                                                       struct fw_cursor *cursor,
                                                       int is_strict) {
  struct fw_source6 source;
  __u32 entry;
  struct fw_packet packet = {};

  if (!fw_parse_ipv6(cursor, &source, &packet))
    return fw_drop_if(fw_has_rules(0, 1), FW_REASON_MALFORMED_IP);
  /* Else a block of fe80::/10 would take the host off the network. */
  if (packet.transport.extent == FW_EXTENT_NEIGHBOR)
    return fw_pass(FW_REASON_NEIGHBOR_DISCOVERY);
  if (packet.transport.extent == FW_EXTENT_CHAIN)
    fw_follow_chain(ctx, &packet.chain, &packet.transport);
  entry = is_strict ? fw_lookup_source6_apart(source.high, source.low)
                    : fw_lookup_source6(source.high, source.low);
  if (entry) return fw_judge_source(entry, &packet.transport);
  return fw_judge_transport(&packet.transport);
}

/* What is no IP packet, or may hide one. */
static __always_inline struct fw_outcome fw_judge_link(__u32 ethertype) {
  switch (ethertype) {
    case FW_LINK_CUT:
      return fw_drop_if(fw_has_rules(1, 1), FW_REASON_MALFORMED_IP);
    case FW_LINK_DEEP:
      return fw_drop_if(fw_has_rules(1, 1), FW_REASON_TOO_DEEP);
    default:
      return fw_pass(FW_REASON_NOT_IP);
  }
}

#endif
