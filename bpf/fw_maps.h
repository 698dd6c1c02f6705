/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The tables. The agent shares them between the programs of all interfaces;
 * their names, keys and values are a contract with it (fw_abi.h). */
#ifndef FW_MAPS_H
#define FW_MAPS_H

#include "bpf/fw_abi.h"
#include "bpf/fw_helpers.h"
#include "bpf/fw_table.h"

/* The slot of the interface that this instance of the program guards; set
 * before it is loaded, once for each interface. */
const volatile __u32 fw_slot_index = 0;

/* The same: bits of fw_tables.active that this instance sees turned over. None
 * where packets are guarded against; those of all tables in the one that is
 * asked about tables which come next. */
const volatile __u32 fw_trial = 0;

/* The same: bits of it that this instance takes for clear. */
const volatile __u32 fw_ignored = 0;

/* The same: whether it is loaded without CAP_PERFMON. A constant to the
 * verifier, which does not look at what is never done. */
const volatile __u32 fw_is_strict = 0;

/* As the slot. */
const volatile struct fw_options fw_options = {
    FW_MALFORMED_AUTO, FW_VERDICT_PASS, FW_VERDICT_PASS, 0, FW_ESSENTIAL_ALL};

/* Which tables are in force, and where a look-up of a source address begins:
 * see fw_table.h. Key: 0. Value: struct fw_table_state. Writer: the agent.
 * Size: 1. A global variable, because reaching one costs no look-up. */
struct fw_table_state fw_tables SEC(".data.tables");

/* Which IPv4 sources there is nothing to ask about: see FW_USED_PLACES.
 * Key: the first 16 bits of an address. Value: a bit for each /22 in it.
 * Writer: the agent, before it says something of the addresses. Size: every
 * /16 there is, so it cannot be full. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, FW_ROOT_WORDS);
  __type(key, __u32);
  __type(value, __u64);
} fw_used SEC(".maps");

/* Memory of the source tables.
 * Key: line in the slab. Value: union fw_line. Writer: the agent, in an order
 * that no packet can see half-done. Size: a quarter of a MiB; when it is full,
 * the agent adds another. */
struct fw_slab {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, FW_SLAB_LINES);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, sizeof(union fw_line));
};

/* The slabs that there are. All have one size, so that the verifier can turn a
 * look-up into an addition.
 * Key: number, from 1. Value: a slab. Writer: the agent. Size: enough for 1
 * GiB; when it is full, the change is refused. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint(max_entries, FW_SLABS);
  __type(key, __u32);
  __array(values, struct fw_slab);
} fw_slabs SEC(".maps");

/* The blocked ports of one protocol.
 * Key: port, host byte order. Value: the rule that blocks it, 0 for none,
 * and when that ends.
 * Writer: the agent, before the table is in use and never again.
 * Size: every port there is, so it cannot be full. */
struct fw_port_table {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, FW_PORTS);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, sizeof(struct fw_rule_ref));
};

/* The port tables: those in force, and beside them those that come next.
 * Key: enum fw_port_protocol, FW_PORT_PROTOCOLS more for the other half; which
 * half is in force, FW_ACTIVE_PORTS tells. Value: a table; none when nothing of
 * that protocol is blocked. Writer: the agent, in the half that no packet is
 * judged by. Size: one for each protocol and half, so it cannot be full. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint(max_entries, FW_PORT_HALVES* FW_PORT_PROTOCOLS);
  __type(key, __u32);
  __array(values, struct fw_port_table);
} fw_ports SEC(".maps");

/* The search among the rules that a CPU is at.
 * Key: 0. Value: struct fw_search, for each CPU. Writer: the program. Size:
 * 1. Not shared: nothing is kept from packet to packet. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct fw_search);
} fw_searches SEC(".maps");

/* Packets that each ordered rule decided, or would have decided.
 * Key: struct fw_rule.counter. Value: struct fw_counter, for each CPU. Writer:
 * the program; the agent only sets one to zero before another rule gets it.
 * Size: enough for all rules of two images. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, FW_RULE_COUNTERS);
  __type(key, __u32);
  __type(value, struct fw_counter);
} fw_rule_hits SEC(".maps");

/* The buckets of sources that limits are for.
 * Key: a hash. Value: struct fw_bucket_line. Writer: the program. Size: 57,344
 * buckets; when there is no place, see struct fw_bucket_line. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, FW_BUCKET_LINES);
  __type(key, __u32);
  __type(value, struct fw_bucket_line);
} fw_buckets SEC(".maps");

/* The buckets of rules.
 * Key: struct fw_rule.counter, or FW_ANSWER_BUCKET. Value: struct
 * fw_rule_bucket. Writer: the program. Size: one for each, so it cannot be
 * full. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, FW_RULE_BUCKETS);
  __type(key, __u32);
  __type(value, struct fw_rule_bucket);
} fw_rule_buckets SEC(".maps");

/* Datagrams of which the first fragment was seen, while ports are blocked.
 * Key: struct fw_datagram. Value: struct fw_first_fragment. Writer: the
 * program. Size: FW_DATAGRAMS; when it is full, the oldest make room, and what
 * is left of them is undecided. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, FW_DATAGRAMS);
  __type(key, struct fw_datagram);
  __type(value, struct fw_first_fragment);
} fw_datagrams SEC(".maps");

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
