/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Questions to the rule tables. A rule id answers, 0 for no rule. */
#ifndef FW_LOOKUP_H
#define FW_LOOKUP_H

#include "bpf/fw_maps.h"

static __always_inline __u64
fw_lookup_source4(const struct fw_source4_key *source) {
  const struct fw_rule_ref *rule = bpf_map_lookup_elem(&fw_source4, source);

  return rule ? rule->rule_id : 0;
}

static __always_inline __u64
fw_lookup_source6(const struct fw_source6_key *source) {
  const struct fw_rule_ref *rule = bpf_map_lookup_elem(&fw_source6, source);

  return rule ? rule->rule_id : 0;
}

/* The keys of the two lookups that a port takes. */
union fw_port_keys {
  struct {
    __u32 protocol;
    __u32 port;
  } key;
  __u64 word;
};

/* `protocol` is an enum fw_port_protocol, `port` in host byte order. */
static __always_inline __u64 fw_lookup_port(__u32 protocol, __u32 port) {
  union fw_port_keys keys = {.key = {protocol, port}};
  union fw_port_keys on_stack;
  const struct fw_rule_ref *rule;
  void *table;

  *(volatile __u64 *)&on_stack.word = keys.word; /* see fw_set_source4 */
  table = bpf_map_lookup_elem(&fw_ports, &on_stack.key.protocol);
  if (!table) return 0;
  rule = bpf_map_lookup_elem(table, &on_stack.key.port);
  return rule ? rule->rule_id : 0;
}

static __always_inline int fw_has_port_rules(__u32 protocol) {
  return bpf_map_lookup_elem(&fw_ports, &protocol) != NULL;
}

static __noinline int fw_has_any_port_rules(void) {
  return fw_has_port_rules(FW_PORT_TCP) || fw_has_port_rules(FW_PORT_UDP) ||
         fw_has_port_rules(FW_PORT_SCTP);
}

/* Not static, as fw_count and for the same reason. */
__noinline int fw_has_source_rules(__u32 family) {
  const __u32 only_entry = 0;
  const struct fw_config *config = bpf_map_lookup_elem(&fw_config, &only_entry);

  return config && config->source_blocks[family % FW_FAMILIES] != 0;
}

#endif
