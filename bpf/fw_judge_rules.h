/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What the ordered rules say of a packet. Only packets of which the addresses
 * alone said nothing come here, and only while there are such rules. */
#ifndef FW_JUDGE_RULES_H
#define FW_JUDGE_RULES_H

#include "bpf/fw_limit.h"
#include "bpf/fw_lookup.h"
#include "bpf/fw_outcome.h"
#include "bpf/fw_parse.h"
#include "bpf/fw_subprograms.h"

/* In the place of a packed outcome: no rule says anything. */
#define FW_RULES_SILENT 0ull
/* The same: a rule may match, but asks about what cannot be read. */
#define FW_RULES_UNDECIDED (1ull << 63)

/* Where what is behind the IP header begins, in words behind the Ethernet
 * header, and what that is: a protocol, or where there are extension headers
 * the first of them; FW_CHAIN_FRAGMENT and its like when that is not known. */
struct fw_inner {
  __u32 words;
  __u32 type;
};

static __always_inline __u64 fw_pack_inner(struct fw_inner inner) {
  return (__u64)inner.words << 32 | inner.type;
}

static __always_inline struct fw_inner fw_unpack_inner(__u64 packed) {
  struct fw_inner inner = {packed >> 32, (__u32)packed};

  return inner;
}

/* A header that is not there. */
const volatile __be32 fw_no_header[sizeof(struct ipv6hdr) / FW_WORD_BYTES] = {};

/* The words of a header that begins so many words behind the Ethernet header.
 * `is_strict` is a constant. Without CAP_PERFMON one call for each: whoever
 * moved a pointer there would be verified along every way of doing so. `words`
 * is never NULL, because older verifiers then also follow ways that only a
 * guess of the processor takes, past every check of it. */
struct fw_header {
  struct xdp_md *ctx;
  const volatile __be32 *words;
  __u32 first;
  int is_strict;
};

/* A header of a constant size. One that is not there is read as zeros. */
static __always_inline struct fw_header fw_header_at(struct xdp_md *ctx,
                                                     __u32 first, __u32 size,
                                                     int is_strict) {
  struct fw_header header = {ctx, fw_no_header, first, is_strict};
  const void *position = (const void *)(long)ctx->data + ETH_HLEN +
                         (__u64)(first & FW_MAX_WORDS) * FW_WORD_BYTES;

  if (!is_strict && position + size <= (const void *)(long)ctx->data_end)
    header.words = position;
  return header;
}

static __always_inline __u32 fw_header_word(const struct fw_header *header,
                                            __u32 word) {
  if (header->is_strict)
    return (__u32)fw_load_word(header->ctx, header->first + word);
  return bpf_ntohl(header->words[word]);
}

static __always_inline __u64 fw_header_words(const struct fw_header *header,
                                             __u32 word) {
  return (__u64)fw_header_word(header, word) << 32 |
         fw_header_word(header, word + 1);
}

static __always_inline void fw_gather_tag(struct xdp_md *ctx,
                                          struct fw_facts *facts, __u32 ip) {
  __u32 tag = FW_NO_VLAN;

  if (ip != 0) tag = (__u32)fw_load_word(ctx, 0) >> 16 & (FW_NO_VLAN - 1);
  facts->unknown = 0;
  facts->values[FW_FIELD_VLAN] = tag;
  facts->values[FW_FIELD_INTERFACE] = fw_slot_index;
}

static __always_inline __u64 fw_gather_ipv4_by(struct xdp_md *ctx, __u32 ip,
                                               int is_strict) {
  struct fw_search *search = fw_my_search();
  struct fw_header header =
      fw_header_at(ctx, ip, sizeof(struct iphdr), is_strict);
  __u32 first = fw_header_word(&header, 0);
  struct fw_inner inner = {ip + (first >> 24 & 0xf),
                           fw_header_word(&header, 2) >> 16 & 0xff};
  struct fw_facts *facts;

  if (!search) return 0;
  facts = &search->facts;
  fw_gather_tag(ctx, facts, ip);
  facts->family = FW_FAMILY_IPV4;
  facts->source[0] = (__u64)fw_header_word(&header, 3) << 32;
  facts->source[1] = 0;
  facts->destination[0] = (__u64)fw_header_word(&header, 4) << 32;
  facts->destination[1] = 0;
  facts->values[FW_FIELD_LENGTH] = first & (FW_LENGTHS - 1);
  facts->end = ip * FW_WORD_BYTES + (first & (FW_LENGTHS - 1));
  facts->values[FW_FIELD_PROTOCOL] = inner.type;
  return fw_pack_inner(inner);
}

/* What rules may ask of the headers up to that of IPv4, which is `ip` words
 * behind the Ethernet header. Returns a struct fw_inner. */
__noinline __u64 fw_gather_ipv4(struct xdp_md *ctx, __u32 ip) {
  /* Once, and not for each word: older verifiers follow both ways each time. */
  if (fw_is_strict) return fw_gather_ipv4_by(ctx, ip, 1);
  return fw_gather_ipv4_by(ctx, ip, 0);
}

#define FW_IPV6_WORDS (sizeof(struct ipv6hdr) / FW_WORD_BYTES)

static __always_inline __u64 fw_gather_ipv6_by(struct xdp_md *ctx, __u32 ip,
                                               int is_strict) {
  struct fw_search *search = fw_my_search();
  struct fw_header header =
      fw_header_at(ctx, ip, sizeof(struct ipv6hdr), is_strict);
  __u32 second = fw_header_word(&header, 1);
  __u32 bytes = (second >> 16) + (__u32)sizeof(struct ipv6hdr);
  struct fw_inner inner = {ip + FW_IPV6_WORDS, second >> 8 & 0xff};
  struct fw_facts *facts;

  if (!search) return 0;
  facts = &search->facts;
  /* A jumbogram: see fw_enter_ipv6. */
  if (second >> 16 == 0 && inner.type == IPPROTO_HOPOPTS)
    bytes = FW_LENGTHS - 1;
  fw_gather_tag(ctx, facts, ip);
  facts->family = FW_FAMILY_IPV6;
  facts->source[0] = fw_header_words(&header, 2);
  facts->source[1] = fw_header_words(&header, 4);
  facts->destination[0] = fw_header_words(&header, 6);
  facts->destination[1] = fw_header_words(&header, 8);
  facts->values[FW_FIELD_LENGTH] = bytes < FW_LENGTHS ? bytes : FW_LENGTHS - 1;
  facts->end = ip * FW_WORD_BYTES + bytes;
  return fw_pack_inner(inner);
}

/* The same of IPv6. */
__noinline __u64 fw_gather_ipv6(struct xdp_md *ctx, __u32 ip) {
  if (fw_is_strict) return fw_gather_ipv6_by(ctx, ip, 1);
  return fw_gather_ipv6_by(ctx, ip, 0);
}

/* Walks along the extension headers once more: whoever did so before kept only
 * what most packets need. Takes and returns a struct fw_inner. */
__noinline __u64 fw_find_inner6(struct xdp_md *ctx, __u64 packed) {
  const struct fw_search *search = fw_my_search();
  struct fw_inner inner = fw_unpack_inner(packed);
  struct fw_chain chain = {ETH_HLEN + inner.words * FW_WORD_BYTES, 0,
                           inner.type, 0};

  if (!search) return packed;
  chain.limit = ETH_HLEN + search->facts.end;
  chain = fw_unpack_chain(fw_chain_end(ctx, fw_pack_chain(chain), chain.limit),
                          chain.limit);
  inner.words = fw_chain_words(chain);
  inner.type = chain.type;
  return fw_pack_inner(inner);
}

/* Whether whoever walked along them before did not get to their end. */
static __always_inline int fw_is_chain_broken(__u32 extent) {
  extent &= ~FW_EXTENT_FIRST;
  return extent == FW_EXTENT_CHAIN_CUT || extent == FW_EXTENT_CHAIN_DEEP;
}

static __always_inline int fw_has_ports(__u32 protocol) {
  return fw_port_protocol(protocol) < FW_PORT_PROTOCOLS;
}

/* What rules may ask of this protocol's header. */
static __always_inline __u32 fw_fields_behind(__u32 protocol, __u32 family) {
  __u32 fields = 0;

  if (protocol == (family == FW_FAMILY_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
    fields = 1u << FW_FIELD_ICMP;
  if (fw_has_ports(protocol))
    fields = 1u << FW_FIELD_SOURCE_PORT | 1u << FW_FIELD_DESTINATION_PORT;
  if (protocol == IPPROTO_TCP) fields |= 1u << FW_FIELD_TCP_FLAGS;
  return fields;
}

/* Where the flags are in a TCP header. */
#define FW_TCP_FLAGS_WORD 3

/* A word of the datagram, FW_NO_WORD behind its end. */
static __always_inline __u64 fw_load_inner(struct xdp_md *ctx,
                                           const struct fw_facts *facts,
                                           __u32 words) {
  if ((words + 1) * FW_WORD_BYTES > facts->end) return FW_NO_WORD;
  return fw_load_word(ctx, words);
}

static __always_inline void fw_read_transport(struct xdp_md *ctx,
                                              struct fw_facts *facts,
                                              struct fw_inner inner,
                                              __u32 used) {
  __u32 fields = fw_fields_behind(inner.type, facts->family) & used;
  __u64 word = fw_load_inner(ctx, facts, inner.words);

  if (word == FW_NO_WORD) {
    facts->unknown |= fields;
    return;
  }
  if (fields & 1u << FW_FIELD_ICMP) {
    facts->values[FW_FIELD_ICMP] = (__u32)word >> 16;
    if (facts->family == FW_FAMILY_IPV6)
      facts->values[FW_FIELD_ICMP] += FW_ICMPV6;
  }
  if (fw_has_ports(inner.type)) {
    facts->values[FW_FIELD_SOURCE_PORT] = (__u32)word >> 16;
    facts->values[FW_FIELD_DESTINATION_PORT] = (__u32)word & 0xffff;
  }
  if (fields & 1u << FW_FIELD_TCP_FLAGS) {
    word = fw_load_inner(ctx, facts, inner.words + FW_TCP_FLAGS_WORD);
    facts->values[FW_FIELD_TCP_FLAGS] = (__u32)word >> 16 & 0xff;
    if (word == FW_NO_WORD) facts->unknown |= 1u << FW_FIELD_TCP_FLAGS;
  }
}

/* The same of what is behind it; `packed` is a struct fw_inner, `extent` as in
 * struct fw_transport, `used` as in struct fw_rule_tables. */
__noinline int fw_gather_transport(struct xdp_md *ctx, __u64 packed,
                                   __u32 extent, __u32 used) {
  struct fw_inner inner = fw_unpack_inner(packed);
  struct fw_search *search = fw_my_search();
  struct fw_facts *facts;

  if (!search) return 0;
  facts = &search->facts;
  facts->values[FW_FIELD_SOURCE_PORT] = FW_NO_PORT;
  facts->values[FW_FIELD_DESTINATION_PORT] = FW_NO_PORT;
  facts->values[FW_FIELD_ICMP] = FW_NO_ICMP;
  facts->values[FW_FIELD_TCP_FLAGS] = FW_NO_FLAGS;
  if (facts->family == FW_FAMILY_IPV6) {
    facts->values[FW_FIELD_PROTOCOL] =
        FW_PROTOCOLS + (inner.type & (FW_PROTOCOLS - 1));
    if (inner.type >= FW_PROTOCOLS || fw_is_extension(inner.type)) {
      facts->unknown |= FW_FIELDS_OF_TRANSPORT | 1u << FW_FIELD_PROTOCOL;
      return 1;
    }
  }
  extent &= ~FW_EXTENT_FIRST;
  if (extent == FW_EXTENT_PORTS || extent == FW_EXTENT_NO_PORTS)
    fw_read_transport(ctx, facts, inner, used);
  else
    facts->unknown |= fw_fields_behind(inner.type, facts->family);
  return 1;
}

static __always_inline void fw_count_hit(const struct fw_rule *rule,
                                         __u32 byte_count) {
  __u32 key = rule->counter;
  struct fw_counter *counter = bpf_map_lookup_elem(&fw_rule_hits, &key);

  if (!counter || fw_slot_index == FW_NO_SLOT) return;
  counter->packets++;
  counter->bytes += byte_count;
}

/* What the rule with this number, which matches as far as is known, says. */
static __always_inline __u64 fw_consider(const struct fw_search *search,
                                         __u32 which, __u32 number) {
  const union fw_line *line = fw_line(fw_rule_tables(which)->rules + number);
  const struct fw_rule *rule;

  if (!line) return FW_RULES_SILENT;
  rule = &line->rule;
  if (rule->until != FW_FOREVER && fw_is_past(rule->until))
    return FW_RULES_SILENT;
  if (rule->fields & search->facts.unknown) {
    if (rule->flags & FW_RULE_SHADOW) return FW_RULES_SILENT;
    return FW_RULES_UNDECIDED;
  }
  if (rule->action == FW_RULE_LIMIT &&
      (fw_slot_index == FW_NO_SLOT || !fw_exceeds_limit(which, number)))
    return FW_RULES_SILENT;
  fw_count_hit(rule, search->facts.values[FW_FIELD_LENGTH]);
  if (rule->flags & FW_RULE_SHADOW) return FW_RULES_SILENT;
  switch (rule->action) {
    case FW_RULE_PASS:
      return fw_pack_outcome(fw_pass(FW_REASON_RULE));
    case FW_RULE_REJECT:
      return (__u64)FW_VERDICT_REJECT << 32 | FW_REASON_RULE;
    case FW_RULE_LIMIT:
      return fw_pack_outcome(fw_drop_if(1, FW_REASON_LIMIT));
    default:
      return fw_pack_outcome(fw_drop_if(1, FW_REASON_RULE));
  }
}

/* FW_RULES_SILENT: not yet. */
#define FW_RULES_END (~0ull)
__noinline __u64 fw_search_step(__u32 which) {
  const struct fw_rule_tables *tables = fw_rule_tables(which);
  struct fw_search *search = fw_my_search();
  __u32 number;

  if (!search) return FW_RULES_END;
  number = fw_search_on(search, tables->count);
  if (number == FW_SEARCH_GOES_ON) return FW_RULES_SILENT;
  if (number == FW_SEARCH_ENDS) return FW_RULES_END;
  return fw_consider(search, which, number);
}

/* FW_RULES_SILENT, FW_RULES_UNDECIDED, or a packed outcome. `packed` is a
 * struct fw_transport. */
__noinline __u64 fw_judge_by_rules(struct xdp_md *ctx, __u64 packed,
                                   __u32 version, __u32 active) {
  struct fw_transport transport = fw_unpack_transport(packed);
  __u32 which = active & FW_ACTIVE_RULES;
  __u64 inner = version == 4 ? fw_gather_ipv4(ctx, transport.ip)
                             : fw_gather_ipv6(ctx, transport.ip);
  struct fw_search *search = fw_my_search();

  if (!search) return FW_RULES_SILENT; /* for the verifier */
  if (version == 6 && fw_is_extension((__u32)inner))
    inner = fw_is_chain_broken(transport.extent) ? FW_CHAIN_CUT
                                                 : fw_find_inner6(ctx, inner);
  fw_gather_transport(ctx, inner, transport.extent,
                      fw_rule_tables(which)->used);
  if (!fw_begin_search(search, which)) return FW_RULES_SILENT;
#pragma clang loop unroll(full)
  for (int i = 0; i < FW_SEARCH_STEPS; i++) {
    __u64 said = fw_search_step(which);

    if (said == FW_RULES_END) return FW_RULES_SILENT;
    if (said != FW_RULES_SILENT) return said;
  }
  return fw_pack_outcome(fw_drop_if(1, FW_REASON_TOO_DEEP));
}

#endif
