/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Questions to the rule tables. */
#ifndef FW_LOOKUP_H
#define FW_LOOKUP_H

#include <bpf/bpf_endian.h>

#include "bpf/fw_maps.h"

/* The keys of the two look-ups that a line, or a port, takes. */
union fw_two_keys {
  struct {
    __u32 first;
    __u32 second;
  } key;
  __u64 word;
};

/* In one word: to a program that is loaded without CAP_PERFMON every first
 * write to a slot of the stack costs a fence, and Linux 6.1 refuses it a second
 * one. */
static __always_inline void fw_set_keys(union fw_two_keys *keys, __u32 first,
                                        __u32 second) {
  *(volatile __u64 *)&keys->word = (__u64)second << 32 | first;
}

static __always_inline const union fw_line *fw_line(__u32 number) {
  union fw_two_keys keys;
  void *slab;

  fw_set_keys(&keys, number / FW_SLAB_LINES, number % FW_SLAB_LINES);
  slab = bpf_map_lookup_elem(&fw_slabs, &keys.key.first);
  return slab ? bpf_map_lookup_elem(slab, &keys.key.second) : NULL;
}

static __always_inline const struct fw_generation *fw_generation(__u32 family,
                                                                 __u32 which) {
  const struct fw_generation *generation = &fw_tables.generations[family][0];

  if (which) {
    generation = &fw_tables.generations[family][1];
    /* Keeps the compiler from adding a variable, see fw_forward_if. */
    __asm__ volatile("" : "+r"(generation));
  }
  return generation;
}

static __always_inline const __u64 *fw_used_word(__u32 index) {
  union fw_two_keys keys;

  fw_set_keys(&keys, index, 0);
  return bpf_map_lookup_elem(&fw_used, &keys.key.first);
}

/* As fw_generation. */
static __always_inline const struct fw_rule_tables *fw_rule_tables(
    __u32 which) {
  const struct fw_rule_tables *tables = &fw_tables.rules[0];

  if (which) {
    tables = &fw_tables.rules[1];
    __asm__ volatile("" : "+r"(tables));
  }
  return tables;
}

static __always_inline struct fw_search *fw_my_search(void) {
  __u32 key = 0;

  return bpf_map_lookup_elem(&fw_searches, &key);
}

#define FW_READ(place) (*(const volatile typeof(place) *)&(place))
#define FW_SUBPROGRAM __noinline

#include "bpf/fw_find.h"
#include "bpf/fw_match.h"

/* Which tables a packet is judged by: read once for each, and then handed on as
 * `active`. */
static __always_inline __u32 fw_active_tables(void) {
  return (FW_READ(fw_tables.active) ^ fw_trial) & ~fw_ignored;
}

/* An entry; the address is in network byte order. */
static __always_inline __u32 fw_lookup_source4(__u32 active, __be32 source) {
  return fw_find4(active >> FW_FAMILY_IPV4 & 1, bpf_ntohl(source));
}

static __always_inline __u32 fw_lookup_source6(__u32 active, __be64 high,
                                               __be64 low) {
  return fw_find6(active >> FW_FAMILY_IPV6 & 1, bpf_be64_to_cpu(high),
                  bpf_be64_to_cpu(low));
}

/* The same, each verified once and apart from who calls it: without CAP_PERFMON
 * the paths through them would multiply with those through the parser. */
__noinline __u32 fw_lookup_source4_apart(__u32 active, __be32 source) {
  return fw_lookup_source4(active, source);
}
__noinline __u32 fw_lookup_source6_apart(__u32 active, __be64 high,
                                         __be64 low) {
  return fw_lookup_source6(active, high, low);
}

/* Whether a deadline is past. Who has one asks for the time, and nobody else:
 * that is a call. Not static, as fw_count_any and for the same reason. */
__noinline int fw_is_past(__u32 until) {
  return bpf_ktime_get_boot_ns() >> FW_TICK_SHIFT >= until;
}

__noinline __u32 fw_verdict_of_terms(__u32 record) {
  const union fw_line *line = fw_line(record / FW_LINE_RECORDS);
  __u64 now;

  if (!line) return 0;
  now = bpf_ktime_get_boot_ns() >> FW_TICK_SHIFT;
  if (now < line->terms[record % FW_LINE_RECORDS].allow_until)
    return FW_ENTRY_ALLOW;
  if (now < line->terms[record % FW_LINE_RECORDS].block_until)
    return FW_ENTRY_BLOCK;
  return FW_ENTRY_NOTHING;
}

__noinline __u32 fw_verdict_of_meaning(__u32 record) {
  const union fw_line *line = fw_line(record / FW_LINE_RECORDS);
  __u32 verdict;

  if (!line) return 0;
  verdict = line->meanings[record % FW_LINE_RECORDS].verdict;
  if (verdict != FW_ENTRY_TIMED) return verdict;
  return fw_verdict_of_terms(line->meanings[record % FW_LINE_RECORDS].rule);
}

/* Of what has to be read first: MEANING or TIMED. */
__noinline __u32 fw_verdict_of_record(__u32 entry) {
  __u32 record = entry & FW_ENTRY_PAYLOAD;

  if (fw_kind_of(entry) == FW_ENTRY_MEANING)
    return fw_verdict_of_meaning(record);
  return fw_verdict_of_terms(record);
}

/* NOTHING, BLOCK or ALLOW. What most packets meet is told by one comparison. */
static __always_inline __u32 fw_verdict_of(__u32 entry) {
  __u32 kind = fw_kind_of(entry);

  if (kind < FW_ENTRY_MEANING) return kind;
  if (kind >= FW_ENTRY_BLOCK_AT)
    return kind - FW_ENTRY_BLOCK_AT + FW_ENTRY_BLOCK;
  return fw_verdict_of_record(entry);
}

/* The place of a protocol's table in fw_ports. */
static __always_inline __u32 fw_port_table_key(__u32 active, __u32 protocol) {
  return active & FW_ACTIVE_PORTS ? protocol + FW_PORT_PROTOCOLS : protocol;
}

/* The id of the rule, 0 for none. `protocol` is an enum fw_port_protocol,
 * `port` in host byte order. */
static __always_inline __u64 fw_lookup_port(__u32 active, __u32 protocol,
                                            __u32 port) {
  union fw_two_keys keys;
  const struct fw_rule_ref *rule;
  void *table;

  fw_set_keys(&keys, fw_port_table_key(active, protocol), port);
  table = bpf_map_lookup_elem(&fw_ports, &keys.key.first);
  if (!table) return 0;
  rule = bpf_map_lookup_elem(table, &keys.key.second);
  if (!rule || rule->rule_id == 0) return 0;
  if (rule->until != FW_FOREVER && fw_is_past(rule->until)) return 0;
  return rule->rule_id;
}

static __always_inline int fw_drops_by_default(void) {
  return fw_options.default_verdict == FW_VERDICT_DROP;
}

static __always_inline int fw_has_port_rules(__u32 active, __u32 protocol) {
  __u32 key = fw_port_table_key(active, protocol);

  return fw_drops_by_default() || bpf_map_lookup_elem(&fw_ports, &key) != NULL;
}

__noinline int fw_has_any_port_rules(__u32 active) {
#pragma clang loop unroll(full)
  for (__u32 protocol = 0; protocol < FW_PORT_PROTOCOLS; protocol++) {
    if (fw_has_port_rules(active, protocol)) return 1;
  }
  return 0;
}

static __always_inline int fw_has_ordered_rules(__u32 active) {
  return (active & FW_ACTIVE_HAS_RULES) != 0;
}

static __always_inline int fw_has_source_rules(__u32 family) {
  return FW_READ(fw_tables.prefixes[family]) != 0;
}

#endif
