/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Answers to what is rejected: a TCP segment gets a reset, anything else ICMP
 * that the port cannot be reached, as the host's own stack would send them.
 * What is answered is sent back out of the interface where it came in. Packets
 * with tags, IPv4 options or extension headers, fragments and what nobody may
 * answer (RFC 1122, 3.2.2; RFC 4443, 2.4) are dropped without an answer. */
#ifndef FW_ANSWER_H
#define FW_ANSWER_H

#include "bpf/fw_limit.h"
#include "bpf/fw_parse.h"

#define FW_ANSWER_TTL 64
#define FW_ICMP_PORT 3   /* code of FW_ICMP_UNREACHABLE */
#define FW_ICMPV6_PORT 4 /* code of FW_ICMPV6_ERROR_FIRST */
/* So much of what was rejected is sent back: its header and eight bytes. */
#define FW_QUOTED4 (sizeof(struct iphdr) + 8)
#define FW_QUOTED6 (sizeof(struct ipv6hdr) + 8)

/* Pointers into a frame. The kernel aligns IP headers, not Ethernet ones. */
struct fw_frame4 {
  struct ethhdr *ethernet;
  struct iphdr *ip;
  void *next;
};
#define FW_FRAME4 (sizeof(struct ethhdr) + sizeof(struct iphdr))

struct fw_frame6 {
  struct ethhdr *ethernet;
  struct ipv6hdr *ip;
  void *next;
};
#define FW_FRAME6 (sizeof(struct ethhdr) + sizeof(struct ipv6hdr))

static __always_inline struct fw_frame4 fw_frame4_at(void *start) {
  struct fw_frame4 frame = {start, start + sizeof(struct ethhdr),
                            start + FW_FRAME4};

  return frame;
}

static __always_inline struct fw_frame6 fw_frame6_at(void *start) {
  struct fw_frame6 frame = {start, start + sizeof(struct ethhdr),
                            start + FW_FRAME6};

  return frame;
}

struct fw_icmp {
  __u8 type;
  __u8 code;
  __be16 checksum;
  __be32 unused;
};

/* A TCP header as a row of words: ports, sequence, acknowledgement, flags. */
struct fw_tcp {
  __be16 source;
  __be16 destination;
  __be32 sequence;
  __be32 acknowledgement;
  __u8 offset;
  __u8 flags;
  __be16 window;
  __be16 checksum;
  __be16 urgent;
};
#define FW_TCP_FIN 0x01
#define FW_TCP_SYN 0x02
#define FW_TCP_RST 0x04
#define FW_TCP_ACK 0x10

static __always_inline __u16 fw_fold(__u64 sum) {
  sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32 & 0xffff) +
        (sum >> 48);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return ~sum;
}

/* The sum of some bytes as 16-bit words; `size` is a constant, and even. */
static __always_inline __u64 fw_sum(const void *bytes, __u32 size) {
  const __u16 *words = bytes;
  __u64 sum = 0;

#pragma clang loop unroll(full)
  for (__u32 i = 0; i < size / 2; i++) sum += words[i];
  return sum;
}

static __always_inline void fw_turn_around(struct ethhdr *ethernet) {
  __u8 destination[ETH_ALEN];

  __builtin_memcpy(destination, ethernet->h_dest, ETH_ALEN);
  __builtin_memcpy(ethernet->h_dest, ethernet->h_source, ETH_ALEN);
  __builtin_memcpy(ethernet->h_source, destination, ETH_ALEN);
}

/* The reset that a segment gets (RFC 9293, 3.5.2). `size` is of its data and of
 * its SYN and FIN, which count one each. */
static __always_inline void fw_make_reset(struct fw_tcp *tcp, __u32 size) {
  __be16 port = tcp->source;
  __be32 next = bpf_htonl(bpf_ntohl(tcp->sequence) + size);

  tcp->source = tcp->destination;
  tcp->destination = port;
  if (tcp->flags & FW_TCP_ACK) {
    tcp->sequence = tcp->acknowledgement;
    tcp->acknowledgement = 0;
    tcp->flags = FW_TCP_RST;
  } else {
    tcp->sequence = 0;
    tcp->acknowledgement = next;
    tcp->flags = FW_TCP_RST | FW_TCP_ACK;
  }
  tcp->offset = sizeof(*tcp) / 4 << 4;
  tcp->window = 0;
  tcp->urgent = 0;
  tcp->checksum = 0;
}

/* Sequence numbers that a segment of so many bytes takes. */
static __always_inline __u32 fw_segment_size(const struct fw_tcp *tcp,
                                             __u32 bytes) {
  __u32 header = tcp->offset >> 4 << 2;

  return (bytes > header ? bytes - header : 0) + !!(tcp->flags & FW_TCP_SYN) +
         !!(tcp->flags & FW_TCP_FIN);
}

static __always_inline void fw_finish_ipv4(struct iphdr *ip, __u32 size,
                                           __u8 protocol) {
  __be32 source = ip->saddr;

  ip->saddr = ip->daddr;
  ip->daddr = source;
  ip->tos = 0;
  ip->tot_len = bpf_htons(size);
  ip->id = 0;
  ip->frag_off = bpf_htons(0x4000); /* don't fragment */
  ip->ttl = FW_ANSWER_TTL;
  ip->protocol = protocol;
  ip->check = 0;
  ip->check = fw_fold(fw_sum(ip, sizeof(*ip)));
}

static __always_inline void fw_finish_ipv6(struct ipv6hdr *ip, __u32 size,
                                           __u8 protocol) {
  struct in6_addr source = ip->saddr;

  ip->saddr = ip->daddr;
  ip->daddr = source;
  ip->priority = 0;
  ip->flow_lbl[0] = 0;
  ip->flow_lbl[1] = 0;
  ip->flow_lbl[2] = 0;
  ip->payload_len = bpf_htons(size);
  ip->nexthdr = protocol;
  ip->hop_limit = FW_ANSWER_TTL;
}

/* Cuts the frame from one length to another. Lengths are handed on: without
 * CAP_PERFMON nobody may compute one. */
static __always_inline int fw_cut(struct xdp_md *ctx, __u64 from, __u64 to) {
  return bpf_xdp_adjust_tail(ctx, (int)(to - from)) == 0;
}

__noinline int fw_reset4(struct xdp_md *ctx, __u64 byte_count) {
  struct fw_frame4 frame;
  struct fw_tcp *tcp;
  __u32 bytes;

  if (!fw_cut(ctx, byte_count, FW_FRAME4 + sizeof(*tcp))) return XDP_DROP;
  frame = fw_frame4_at((void *)(long)ctx->data);
  tcp = frame.next;
  if ((void *)(tcp + 1) > (void *)(long)ctx->data_end) return XDP_DROP;
  if (tcp->flags & FW_TCP_RST) return XDP_DROP;
  bytes = bpf_ntohs(frame.ip->tot_len) - sizeof(*frame.ip);
  fw_turn_around(frame.ethernet);
  fw_make_reset(tcp, fw_segment_size(tcp, bytes));
  fw_finish_ipv4(frame.ip, sizeof(*frame.ip) + sizeof(*tcp), IPPROTO_TCP);
  tcp->checksum = fw_fold(fw_sum(&frame.ip->saddr, 8) + bpf_htons(IPPROTO_TCP) +
                          bpf_htons(sizeof(*tcp)) + fw_sum(tcp, sizeof(*tcp)));
  return XDP_TX;
}

__noinline int fw_reset6(struct xdp_md *ctx, __u64 byte_count) {
  struct fw_frame6 frame;
  struct fw_tcp *tcp;
  __u32 bytes;

  if (!fw_cut(ctx, byte_count, FW_FRAME6 + sizeof(*tcp))) return XDP_DROP;
  frame = fw_frame6_at((void *)(long)ctx->data);
  tcp = frame.next;
  if ((void *)(tcp + 1) > (void *)(long)ctx->data_end) return XDP_DROP;
  if (tcp->flags & FW_TCP_RST) return XDP_DROP;
  bytes = bpf_ntohs(frame.ip->payload_len);
  fw_turn_around(frame.ethernet);
  fw_make_reset(tcp, fw_segment_size(tcp, bytes));
  fw_finish_ipv6(frame.ip, sizeof(*tcp), IPPROTO_TCP);
  tcp->checksum =
      fw_fold(fw_sum(&frame.ip->saddr, 32) + bpf_htons(IPPROTO_TCP) +
              bpf_htons(sizeof(*tcp)) + fw_sum(tcp, sizeof(*tcp)));
  return XDP_TX;
}

/* Puts the answer's headers in front of the packet's own, which is quoted. */
__noinline int fw_unreachable4(struct xdp_md *ctx, __u64 byte_count) {
  struct fw_frame4 frame, quoted;
  struct fw_icmp *icmp;

  if (bpf_xdp_adjust_head(ctx, -(int)(sizeof(*frame.ip) + sizeof(*icmp))))
    return XDP_DROP;
  if (!fw_cut(ctx, byte_count + sizeof(*frame.ip) + sizeof(*icmp),
              FW_FRAME4 + sizeof(*icmp) + FW_QUOTED4))
    return XDP_DROP;
  frame = fw_frame4_at((void *)(long)ctx->data);
  icmp = frame.next;
  /* Where its Ethernet header was, the new one's headers are about to end. */
  quoted = fw_frame4_at((__u8 *)(icmp + 1) - sizeof(struct ethhdr));
  if ((__u8 *)(icmp + 1) + FW_QUOTED4 > (__u8 *)(long)ctx->data_end)
    return XDP_DROP;
  *frame.ethernet = *quoted.ethernet;
  *frame.ip = *quoted.ip;
  icmp->type = FW_ICMP_UNREACHABLE;
  icmp->code = FW_ICMP_PORT;
  icmp->checksum = 0;
  icmp->unused = 0;
  fw_turn_around(frame.ethernet);
  fw_finish_ipv4(frame.ip, sizeof(*frame.ip) + sizeof(*icmp) + FW_QUOTED4,
                 IPPROTO_ICMP);
  icmp->checksum = fw_fold(fw_sum(icmp, sizeof(*icmp) + FW_QUOTED4));
  return XDP_TX;
}

__noinline int fw_unreachable6(struct xdp_md *ctx, __u64 byte_count) {
  struct fw_frame6 frame, quoted;
  struct fw_icmp *icmp;

  if (bpf_xdp_adjust_head(ctx, -(int)(sizeof(*frame.ip) + sizeof(*icmp))))
    return XDP_DROP;
  if (!fw_cut(ctx, byte_count + sizeof(*frame.ip) + sizeof(*icmp),
              FW_FRAME6 + sizeof(*icmp) + FW_QUOTED6))
    return XDP_DROP;
  frame = fw_frame6_at((void *)(long)ctx->data);
  icmp = frame.next;
  quoted = fw_frame6_at((__u8 *)(icmp + 1) - sizeof(struct ethhdr));
  if ((__u8 *)(icmp + 1) + FW_QUOTED6 > (__u8 *)(long)ctx->data_end)
    return XDP_DROP;
  *frame.ethernet = *quoted.ethernet;
  *frame.ip = *quoted.ip;
  icmp->type = FW_ICMPV6_ERROR_FIRST;
  icmp->code = FW_ICMPV6_PORT;
  icmp->checksum = 0;
  icmp->unused = 0;
  fw_turn_around(frame.ethernet);
  fw_finish_ipv6(frame.ip, sizeof(*icmp) + FW_QUOTED6, IPPROTO_ICMPV6);
  icmp->checksum =
      fw_fold(fw_sum(&frame.ip->saddr, 32) + bpf_htons(IPPROTO_ICMPV6) +
              bpf_htons(sizeof(*icmp) + FW_QUOTED6) +
              fw_sum(icmp, sizeof(*icmp) + FW_QUOTED6));
  return XDP_TX;
}

/* What may be answered of IPv4: what one host sent to another. The first byte
 * of an address tells multicast and broadcast from those. */
static __always_inline int fw_may_answer4(const struct iphdr *ip) {
  __u32 source = bpf_ntohl(ip->saddr) >> 24;
  __u32 destination = bpf_ntohl(ip->daddr) >> 24;

  return ip->version == 4 && ip->ihl == 5 &&
         !(ip->frag_off & bpf_htons(FW_IPV4_OFFSET | FW_IPV4_MORE)) &&
         source != 0 && source != 127 && source < 224 && destination < 224;
}

static __always_inline int fw_may_answer6(const struct ipv6hdr *ip) {
  return ip->version == 6 && ip->saddr.in6_u.u6_addr8[0] != 0xff &&
         ip->daddr.in6_u.u6_addr8[0] != 0xff &&
         (ip->saddr.in6_u.u6_addr32[0] | ip->saddr.in6_u.u6_addr32[1] |
          ip->saddr.in6_u.u6_addr32[2] | ip->saddr.in6_u.u6_addr32[3]) &&
         !fw_is_extension(ip->nexthdr);
}

static __always_inline int fw_answer4(struct xdp_md *ctx,
                                      struct fw_frame4 frame,
                                      __u64 byte_count) {
  if (!fw_may_answer4(frame.ip)) return XDP_DROP;
  if (frame.ethernet->h_dest[0] & 1) return XDP_DROP; /* to many */
  if (frame.ip->protocol == IPPROTO_ICMP) return XDP_DROP;
  if (!fw_may_answer()) return XDP_DROP;
  return frame.ip->protocol == IPPROTO_TCP ? fw_reset4(ctx, byte_count)
                                           : fw_unreachable4(ctx, byte_count);
}

static __always_inline int fw_answer6(struct xdp_md *ctx,
                                      struct fw_frame6 frame,
                                      __u64 byte_count) {
  if (!fw_may_answer6(frame.ip)) return XDP_DROP;
  if (frame.ethernet->h_dest[0] & 1) return XDP_DROP;
  if (frame.ip->nexthdr == IPPROTO_ICMPV6) return XDP_DROP;
  if (!fw_may_answer()) return XDP_DROP;
  return frame.ip->nexthdr == IPPROTO_TCP ? fw_reset6(ctx, byte_count)
                                          : fw_unreachable6(ctx, byte_count);
}

/* XDP_TX, and the frame, which was so long, is the answer; or XDP_DROP. */
__noinline int fw_answer(struct xdp_md *ctx, __u64 byte_count) {
  void *start = (void *)(long)ctx->data;
  const void *end = (const void *)(long)ctx->data_end;
  struct ethhdr *ethernet = start;

  if (start + FW_FRAME4 > end) return XDP_DROP;
  if (ethernet->h_proto == bpf_htons(ETH_P_IP))
    return fw_answer4(ctx, fw_frame4_at(start), byte_count);
  if (ethernet->h_proto != bpf_htons(ETH_P_IPV6)) return XDP_DROP;
  if (start + FW_FRAME6 > end) return XDP_DROP;
  return fw_answer6(ctx, fw_frame6_at(start), byte_count);
}

#endif
