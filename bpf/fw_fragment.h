/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Later fragments, which have no ports, follow the first one of their
 * datagram. Rare, and so in a function that is verified once. */
#ifndef FW_FRAGMENT_H
#define FW_FRAGMENT_H

#include "bpf/fw_maps.h"
#include "bpf/fw_subprograms.h"

/* `version` is 4 or 6. */
static __always_inline struct fw_datagram fw_datagram_of(struct xdp_md *ctx,
                                                         __u32 ip,
                                                         __u32 identification,
                                                         __u32 version) {
  struct fw_datagram datagram = {};

  datagram.identification = (__u32)fw_load_word(ctx, identification);
  datagram.protocol = version << 8;
  if (version == 4) {
    /* The other half of the word are the offset and its flags. */
    datagram.identification >>= 16;
    datagram.protocol |= fw_load_word(ctx, ip + 2) >> 16 & 0xff;
    datagram.addresses[0] = (__u32)fw_load_word(ctx, ip + 3);
    datagram.addresses[1] = (__u32)fw_load_word(ctx, ip + 4);
    return datagram;
  }
#pragma clang loop unroll(full)
  for (__u32 i = 0; i < 8; i++)
    datagram.addresses[i] = (__u32)fw_load_word(ctx, ip + 2 + i);
  return datagram;
}

static __always_inline __u32 fw_ask_first(const struct fw_datagram *datagram) {
  const struct fw_first_fragment *first =
      bpf_map_lookup_elem(&fw_datagrams, datagram);

  if (first && first->until > bpf_ktime_get_ns()) return first->verdict;
  return fw_options.undecided_fragments;
}

/* What passed is remembered only where it has to be; else it ends what was said
 * of an earlier datagram. */
static __always_inline void fw_note_first(const struct fw_datagram *datagram,
                                          __u32 verdict) {
  struct fw_first_fragment first = {
      bpf_ktime_get_ns() + FW_FRAGMENT_SECONDS * 1000000000ull, verdict, 0};

  if (verdict == FW_VERDICT_DROP ||
      fw_options.undecided_fragments == FW_VERDICT_DROP) {
    bpf_map_update_elem(&fw_datagrams, datagram, &first, BPF_ANY);
  } else if (bpf_map_lookup_elem(&fw_datagrams, datagram)) {
    bpf_map_delete_elem(&fw_datagrams, datagram);
  }
}

/* Of a first fragment notes the verdict. Of a later one, `verdict` 0, returns
 * it: an enum fw_verdict. The places are those of struct fw_transport. */
__noinline __u32 fw_follow_fragment(struct xdp_md *ctx, __u32 ip,
                                    __u32 identification, __u32 version,
                                    __u32 verdict) {
  const struct fw_datagram datagram =
      fw_datagram_of(ctx, ip, identification, version);

  if (verdict == FW_VERDICT_UNSPECIFIED) return fw_ask_first(&datagram);
  fw_note_first(&datagram, verdict);
  return verdict;
}

#endif
