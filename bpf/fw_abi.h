/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The contract between the XDP program and the agent: keys, values, limits and
 * the numbers of verdicts and reasons. Compiles as C (BPF) and as C++.
 *
 * Rule tables are written by the agent alone, counters by the kernel alone.
 * FW_LAYOUT_VERSION is part of the pin path: raise it with every change that
 * an older program or agent would misread. fw_counters and fw_slots have a
 * number of their own, so that counters go on when other maps change. */
#ifndef FW_ABI_H
#define FW_ABI_H

#include <linux/types.h>

#ifdef __cplusplus
#define FW_ASSERT(condition, text) static_assert(condition, text)
#else
#define FW_ASSERT(condition, text) _Static_assert(condition, text)
#endif

#define FW_LAYOUT_VERSION 8
#define FW_COUNTERS_VERSION 1
/* The last layout whose folder holds counters too: of version 1. */
#define FW_LAYOUT_WITH_COUNTERS 5

/* Most interfaces that one agent guards: one counter slot each. */
#define FW_MAX_INTERFACES 64
/* No slot: what this instance of the program does is not counted. */
#define FW_NO_SLOT FW_MAX_INTERFACES
/* Most stacked 802.1Q and 802.1ad tags that are looked through. */
#define FW_MAX_VLAN_TAGS 16
/* Most IPv6 extension headers that are looked through. */
#define FW_MAX_EXT_HEADERS 24

/* What is done with a packet. The numbers are those of fwagent.v1.Verdict. */
enum fw_verdict {
  FW_VERDICT_UNSPECIFIED = 0,
  FW_VERDICT_SHADOWED = 0, /* passed: it would have been dropped, but for
                            * fw_options.shadow. Nothing else is counted as 0 */
  FW_VERDICT_PASS = 1,
  FW_VERDICT_DROP = 2,
  FW_VERDICT_REJECT = 3, /* drop, and answer that it was */
  FW_VERDICT_MAX = 4,    /* array bound: a power of two */
};

/* Why. The numbers are those of fwagent.v1.Reason. */
enum fw_reason {
  FW_REASON_UNSPECIFIED = 0,
  FW_REASON_NO_MATCH = 1,
  FW_REASON_NOT_IP = 2,
  FW_REASON_SOURCE_BLOCKED = 3,
  FW_REASON_PORT_BLOCKED = 4,
  FW_REASON_MALFORMED_IP = 5,
  FW_REASON_MALFORMED_TRANSPORT = 6,
  FW_REASON_TOO_DEEP = 7,
  FW_REASON_FRAGMENT = 8,
  FW_REASON_NEIGHBOR_DISCOVERY = 9,
  FW_REASON_SOURCE_ALLOWED = 10,
  FW_REASON_DEFAULT = 11,   /* no rule says anything, and the default drops */
  FW_REASON_ESSENTIAL = 12, /* the same, but the host needs it */
  FW_REASON_RULE = 13,      /* an ordered rule says so */
  FW_REASON_LIMIT = 14,     /* the packet came faster than a rule lets it */
  FW_REASON_FAILSAFE = 15,  /* to be dropped, but a failsafe entry saves it */
  FW_REASON_MAX = 16,       /* array bound: a power of two */
};

/* Protocols with ports, as an index of the port tables. */
enum fw_port_protocol {
  FW_PORT_TCP = 0,
  FW_PORT_UDP = 1,
  FW_PORT_SCTP = 2,
  FW_PORT_UDPLITE = 3,
  FW_PORT_DCCP = 4,
  FW_PORT_PROTOCOLS = 5,
};

/* Families, as an index of per-family counts. */
enum fw_family {
  FW_FAMILY_IPV4 = 0,
  FW_FAMILY_IPV6 = 1,
  FW_FAMILIES = 2,
};

/* Deadlines are in ticks of 2^27 nanoseconds of the boot clock, see
 * agent/policy/deadline.h: in force while the present tick is smaller. */
#define FW_TICK_SHIFT 27
#define FW_FOREVER 0xffffffffu

/* Value of a port table: the rule that blocks the port, 0 for none. */
struct fw_rule_ref {
  __u64 rule_id;
  __u32 until; /* deadline */
  __u32 unused;
};
FW_ASSERT(sizeof(struct fw_rule_ref) == 16, "layout");

/* Entries of one port table: one for each port. */
#define FW_PORTS 65536
/* Port tables in force, and those that come next. */
#define FW_PORT_HALVES 2

struct fw_counter {
  __u64 packets;
  __u64 bytes;
};

/* Value of fw_counters: one slot, which is one interface, per CPU. */
struct fw_counters {
  struct fw_counter by[FW_VERDICT_MAX][FW_REASON_MAX];
};
FW_ASSERT(sizeof(struct fw_counters) == 1024, "layout");

/* What is remembered of datagrams that come in fragments: so many, so long. */
#define FW_DATAGRAMS 8192
#define FW_FRAGMENT_SECONDS 2

/* Key of fw_datagrams: what all fragments of one datagram share, two words of
 * the frame in each number, in host byte order. */
struct fw_datagram {
  __u64 addresses[4]; /* source and destination; IPv4: the first one */
  /* Upper half: the identification. Lower half: the IP version << 8, and of
   * IPv4 the protocol. */
  __u64 identity;
};
FW_ASSERT(sizeof(struct fw_datagram) == 40, "layout");

/* Its value: what became of the first fragment. */
struct fw_first_fragment {
  __u64 until; /* on the monotonic clock, in nanoseconds */
  __u64 verdict;
};
FW_ASSERT(sizeof(struct fw_first_fragment) == 16, "layout");

/* What to do with packets of which not enough can be read. */
enum fw_malformed {
  FW_MALFORMED_AUTO = 0, /* drop them when a rule would need what is missing */
  FW_MALFORMED_PASS = 1, /* pass those that Linux itself throws away */
  FW_MALFORMED_DROP = 2,
};

/* What can be set for each interface. */
struct fw_options {
  __u32 malformed;           /* enum fw_malformed */
  __u32 undecided_fragments; /* enum fw_verdict; DROP where the default is */
  __u32 default_verdict;     /* enum fw_verdict */
  __u32 shadow;              /* drop nothing, count what would be dropped */
  __u32 essential;           /* of enum fw_essential */
};

/* What passes although the default is to drop, in bits. */
enum fw_essential {
  FW_ESSENTIAL_NEIGHBORS = 1 << 0,
  FW_ESSENTIAL_ICMP_ERRORS = 1 << 1,
  FW_ESSENTIAL_MULTICAST = 1 << 2,
  FW_ESSENTIAL_DHCP = 1 << 3,
  FW_ESSENTIAL_ALL = (1 << 4) - 1,
};

/* Most failsafe entries. */
#define FW_FAILSAFE_ENTRIES 64

/* Who is never dropped, and at which ports. Host byte order; an IPv4 address is
 * the upper half of `high`. */
struct fw_failsafe_entry {
  __u64 high;
  __u64 low;
  __u64 high_mask;
  __u64 low_mask;
  __u32 version;    /* of IP */
  __u32 protocol;   /* enum fw_port_protocol; FW_PORT_PROTOCOLS: any packet */
  __u32 first_port; /* both included */
  __u32 last_port;
};
FW_ASSERT(sizeof(struct fw_failsafe_entry) == 48, "layout");

/* Value of fw_slots: whose counters a slot holds. An empty name is a free
 * slot. Names, unlike indexes, survive the re-creation of an interface. */
struct fw_slot {
  char interface_name[16];
};
FW_ASSERT(sizeof(struct fw_slot) == 16, "layout");

#endif
