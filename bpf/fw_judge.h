/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* From what was read of a packet to a verdict. What could not be read is
 * dropped when a rule would have needed it, and passes otherwise. */
#ifndef FW_JUDGE_H
#define FW_JUDGE_H

#include "bpf/fw_lookup.h"
#include "bpf/fw_parse.h"

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

/* A packet without an address. */
static __always_inline struct fw_outcome fw_judge_unaddressed(
    const struct fw_packet *packet) {
  int has_rules;

  if (packet->transport.extent == FW_EXTENT_NOT_IP)
    return fw_pass(FW_REASON_NOT_IP);
  has_rules = fw_has_any_port_rules();
  if (packet->transport.extent == FW_EXTENT_IP_BROKEN)
    return fw_drop_if(has_rules || fw_has_source_rules(packet->family),
                      FW_REASON_MALFORMED_IP);
  /* Either family may be inside. */
  has_rules = has_rules || fw_has_source_rules(FW_FAMILY_IPV4) ||
              fw_has_source_rules(FW_FAMILY_IPV6);
  return fw_drop_if(has_rules, packet->transport.extent == FW_EXTENT_LINK_DEEP
                                   ? FW_REASON_TOO_DEEP
                                   : FW_REASON_MALFORMED_IP);
}

/* Addresses come first: what cannot be read further is still blocked by its
 * address. */
static __always_inline struct fw_outcome fw_judge(
    const struct fw_packet *packet) {
  if (!fw_has_address(packet)) return fw_judge_unaddressed(packet);
  if (fw_lookup_source(packet->family, &packet->source))
    return fw_drop_if(1, FW_REASON_SOURCE_BLOCKED);
  return fw_judge_transport(&packet->transport);
}

#endif
