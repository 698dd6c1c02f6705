/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The size of a frame on kernels without bpf_xdp_get_buff_len. */
#ifndef FW_MEASURE_H
#define FW_MEASURE_H

#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>

#include "bpf/fw_cursor.h"

/* What is measured at most: each further bit doubles what is verified. */
#define FW_MEASURE_BITS 14
/* Larger than anything that an IP header can ask for. */
#define FW_UNMEASURED 0x10000

/* In bytes; FW_UNMEASURED from 16 KiB on, which native mode never has on such
 * kernels. By bisection with constant steps (see fw_cursor.h). Not static, so
 * that its thousands of paths are verified once and not for each caller. */
__noinline __u32 fw_measure(struct xdp_md *ctx) {
  const __u8 *position = (const __u8 *)(long)ctx->data;
  const __u8 *end = (const __u8 *)(long)ctx->data_end;
  __u32 byte_count = 0;

  if (position + (1 << FW_MEASURE_BITS) <= end) return FW_UNMEASURED;
#pragma clang loop unroll(full)
  for (int bit = FW_MEASURE_BITS - 1; bit >= 0; bit--) {
    const __u8 *next = position + (1 << bit);

    /* Keeps the compiler from adding up the steps. */
    asm volatile("" : "+r"(next));
    if (next <= end) {
      position = next;
      byte_count += 1 << bit;
      asm volatile("" : "+r"(position));
    }
  }
  return byte_count;
}

#endif
