/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* From what was read of a packet to a verdict. What could not be read is
 * dropped when a rule would have needed it, and passes otherwise. */
#ifndef FW_JUDGE_H
#define FW_JUDGE_H

#include "bpf/fw_fragment.h"
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

/* For what cannot be read: whether a rule might have matched it. */
static __noinline int fw_has_rules(int is_ipv4, int is_ipv6) {
  return fw_has_any_port_rules() ||
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

static __always_inline struct fw_outcome fw_judge_port(__u32 protocol,
                                                       __u32 port) {
  if (fw_lookup_port(protocol, port))
    return fw_drop_if(1, FW_REASON_PORT_BLOCKED);
  return fw_pass(FW_REASON_NO_MATCH);
}

/* By what could be read of a packet. */
static __always_inline struct fw_outcome fw_judge_extent(__u32 extent,
                                                         __u32 protocol,
                                                         __u32 port) {
  switch (extent) {
    case FW_EXTENT_PORTS:
      return fw_judge_port(protocol, port);
    case FW_EXTENT_PORTS_CUT:
      return fw_drop_if_needed(fw_has_port_rules(protocol),
                               FW_REASON_MALFORMED_TRANSPORT);
    case FW_EXTENT_CHAIN_CUT:
      return fw_drop_if_needed(fw_has_any_port_rules(),
                               FW_REASON_MALFORMED_TRANSPORT);
    case FW_EXTENT_CHAIN_DEEP:
      return fw_drop_if_needed(fw_has_any_port_rules(), FW_REASON_TOO_DEEP);
    default:
      return fw_pass(FW_REASON_NO_MATCH);
  }
}

/* What is cut off or a fragment. `packed` is a struct fw_transport, and what is
 * returned a struct fw_outcome in one number. */
__noinline __u64 fw_judge_unusual(struct xdp_md *ctx, __u64 packed,
                                  __u32 version) {
  struct fw_transport transport = fw_unpack_transport(packed);
  int is_first = transport.extent & FW_EXTENT_FIRST;
  int is_later = transport.extent == FW_EXTENT_FRAGMENT;
  struct fw_outcome outcome = {FW_VERDICT_PASS, FW_REASON_FRAGMENT};

  if (!is_later)
    outcome = fw_judge_extent(transport.extent & ~FW_EXTENT_FIRST,
                              transport.protocol, transport.port);
  if ((is_first || is_later) && fw_has_any_port_rules())
    outcome.verdict =
        fw_follow_fragment(ctx, transport.ip, transport.identification, version,
                           is_first ? outcome.verdict : FW_VERDICT_UNSPECIFIED);
  return (__u64)outcome.verdict << 32 | outcome.reason;
}

/* A packet with an address that no rule blocks; its transport is packed. */
static __always_inline struct fw_outcome fw_judge_transport(struct xdp_md *ctx,
                                                            __u64 packed,
                                                            __u32 version) {
  struct fw_transport transport = fw_unpack_transport(packed);
  struct fw_outcome outcome;
  __u64 judged;

  if (transport.extent == FW_EXTENT_PORTS)
    return fw_judge_port(transport.protocol, transport.port);
  if (transport.extent == FW_EXTENT_NO_PORTS)
    return fw_pass(FW_REASON_NO_MATCH);
  judged = fw_judge_unusual(ctx, packed, version);
  outcome.verdict = judged >> 32;
  outcome.reason = (__u32)judged;
  return outcome;
}

/* The same when the tables know the address. */
static __always_inline struct fw_outcome fw_judge_source(__u32 entry,
                                                         struct xdp_md *ctx,
                                                         __u64 packed,
                                                         __u32 version) {
  __u32 verdict = fw_verdict_of(entry);

  if (verdict == FW_ENTRY_BLOCK) return fw_drop_if(1, FW_REASON_SOURCE_BLOCKED);
  if (verdict == FW_ENTRY_ALLOW) return fw_pass(FW_REASON_SOURCE_ALLOWED);
  return fw_judge_transport(ctx, packed, version);
}

/* Lets the verifier forget what it knows of a number: otherwise it follows
 * every kind of packet through the look-up of the address, and Linux 6.1 does
 * not come to an end. Nothing is ever written there, but it cannot know. */
static __always_inline __u64 fw_forget(__u64 packed) {
  __u64 zero = FW_READ(fw_sources.zero);

  return packed ^ zero;
}

/* Addresses come first: what cannot be read further is still blocked by its
 * address. `is_strict` is a constant: whether this is for a verifier without
 * CAP_PERFMON. */
static __always_inline struct fw_outcome fw_judge_ipv4(struct xdp_md *ctx,
                                                       struct fw_cursor *cursor,
                                                       int is_strict) {
  struct fw_packet packet = {};
  __be32 source;
  __u64 packed;
  __u32 entry;

  if (!fw_parse_ipv4(cursor, &source, &packet))
    return fw_drop_if_needed(fw_has_rules(1, 0), FW_REASON_MALFORMED_IP);
  packed = fw_forget(fw_pack_transport(&packet.transport));
  entry =
      is_strict ? fw_lookup_source4_apart(source) : fw_lookup_source4(source);
  if (entry) return fw_judge_source(entry, ctx, packed, 4);
  return fw_judge_transport(ctx, packed, 4);
}

static __always_inline struct fw_outcome fw_judge_ipv6(struct xdp_md *ctx,
                                                       struct fw_cursor *cursor,
                                                       int is_strict) {
  struct fw_packet packet = {};
  struct fw_source6 source;
  __u64 packed;
  __u32 entry;

  if (!fw_parse_ipv6(cursor, &source, &packet))
    return fw_drop_if_needed(fw_has_rules(0, 1), FW_REASON_MALFORMED_IP);
  /* Else a block of fe80::/10 would take the host off the network. */
  if (packet.transport.extent == FW_EXTENT_NEIGHBOR)
    return fw_pass(FW_REASON_NEIGHBOR_DISCOVERY);
  packed = packet.transport.extent == FW_EXTENT_CHAIN
               ? fw_follow_chain(ctx, &packet)
               : fw_pack_transport(&packet.transport);
  packed = fw_forget(packed);
  entry = is_strict ? fw_lookup_source6_apart(source.high, source.low)
                    : fw_lookup_source6(source.high, source.low);
  if (entry) return fw_judge_source(entry, ctx, packed, 6);
  return fw_judge_transport(ctx, packed, 6);
}

/* What is no IP packet, or may hide one. */
static __always_inline struct fw_outcome fw_judge_link(__u32 ethertype) {
  switch (ethertype) {
    case FW_LINK_CUT:
      return fw_drop_if_needed(fw_has_rules(1, 1), FW_REASON_MALFORMED_IP);
    case FW_LINK_DEEP:
      return fw_drop_if_needed(fw_has_rules(1, 1), FW_REASON_TOO_DEEP);
    default:
      return fw_pass(FW_REASON_NOT_IP);
  }
}

#endif
