/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The tables. The agent shares them between the programs of all interfaces;
 * their names, keys and values are a contract with it (fw_abi.h). */
#ifndef FW_MAPS_H
#define FW_MAPS_H

#include "bpf/fw_abi.h"
#include "bpf/fw_helpers.h"

/* Before the agent sets its own figure. */
#define FW_DEFAULT_SOURCES 1000000

/* The slot of the interface that this instance of the program guards; set
 * before it is loaded, once for each interface. */
const volatile __u32 fw_slot_index = 0;

/* Blocked IPv4 source prefixes.
 * Key: prefix. Value: the rule that blocks it. Writer: the agent.
 * Size: set by the agent. Full: ENOSPC, and the change is refused. */
struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, FW_DEFAULT_SOURCES);
  __type(key, struct fw_source4_key);
  __type(value, struct fw_rule_ref);
} fw_source4 SEC(".maps");

/* Blocked IPv6 source prefixes; the rest as fw_source4. */
struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, FW_DEFAULT_SOURCES);
  __type(key, struct fw_source6_key);
  __type(value, struct fw_rule_ref);
} fw_source6 SEC(".maps");

/* The blocked ports of one protocol.
 * Key: port, host byte order. Value: the rule that blocks it, 0 for none.
 * Writer: the agent, before the table is in use and never again.
 * Size: every port there is, so it cannot be full. */
struct fw_port_table {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, FW_PORTS);
  __type(key, __u32);
  __type(value, struct fw_rule_ref);
};

/* The port tables that are in force.
 * Key: enum fw_port_protocol. Value: a table; none when nothing of that
 * protocol is blocked. Writer: the agent, by putting another table in its
 * place. Size: one for each protocol, so it cannot be full. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint(max_entries, FW_PORT_PROTOCOLS);
  __type(key, __u32);
  __array(values, struct fw_port_table);
} fw_ports SEC(".maps");

/* What only the rare paths ask for.
 * Key: 0. Value: struct fw_config. Writer: the agent. Size: 1. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct fw_config);
} fw_config SEC(".maps");

/* Packets and bytes by verdict and reason.
 * Key: slot. Value: struct fw_counters, for each CPU. Writer: the program;
 * the agent only sets a slot to zero before it gives it to another interface.
 * Size: FW_MAX_INTERFACES; the agent refuses more. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, FW_MAX_INTERFACES);
  __type(key, __u32);
  __type(value, struct fw_counters);
} fw_counters SEC(".maps");

/* Whose counters a slot holds; never read here, but it lives and is pinned
 * with the others.
 * Key: slot. Value: struct fw_slot. Writer: the agent.
 * Size: FW_MAX_INTERFACES; the agent refuses more. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, FW_MAX_INTERFACES);
  __type(key, __u32);
  __type(value, struct fw_slot);
} fw_slots SEC(".maps");

#endif
