/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Later fragments, which have no ports, follow the first one of their
 * datagram. Rare, and so in a function that is verified once. */
#ifndef FW_FRAGMENT_H
#define FW_FRAGMENT_H

#include "bpf/fw_maps.h"
#include "bpf/fw_subprograms.h"

static __always_inline __u64 fw_load_words(struct xdp_md *ctx, __u32 words) {
  __u64 first = fw_load_word(ctx, words);

  return first << 32 | (__u32)fw_load_word(ctx, words + 1);
}

/* `version` is 4 or 6. Writes whole numbers only: Linux 6.1 refuses other
 * writes to the stack without CAP_PERFMON. */
static __always_inline void fw_set_datagram(
    volatile struct fw_datagram *datagram, struct xdp_md *ctx, __u32 ip,
    __u32 identification, __u32 version) {
  __u64 identity = fw_load_word(ctx, identification);

  if (version == 4) {
    /* The other half of that word are the offset and its flags. */
    datagram->identity = identity >> 16 << 32 | version << 8 |
                         (fw_load_word(ctx, ip + 2) >> 16 & 0xff);
    datagram->addresses[0] = fw_load_words(ctx, ip + 3);
    datagram->addresses[1] = 0;
    datagram->addresses[2] = 0;
    datagram->addresses[3] = 0;
    return;
  }
  datagram->identity = identity << 32 | version << 8;
#pragma clang loop unroll(full)
  for (__u32 i = 0; i < 4; i++)
    datagram->addresses[i] = fw_load_words(ctx, ip + 2 + 2 * i);
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
      bpf_ktime_get_ns() + FW_FRAGMENT_SECONDS * 1000000000ull, verdict};

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
  struct fw_datagram datagram;

  fw_set_datagram(&datagram, ctx, ip, identification, version);
  if (verdict == FW_VERDICT_UNSPECIFIED) return fw_ask_first(&datagram);
  fw_note_first(&datagram, verdict);
  return verdict;
}

#endif
