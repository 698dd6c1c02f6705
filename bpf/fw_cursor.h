/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Reading a frame from front to back, never past its end. Pure: compiles for
 * the kernel, and for the host as C and C++.
 *
 * Without CAP_PERFMON the verifier allows neither `data_end - data` nor a
 * packet pointer plus a variable. So lengths are counted beside the pointer,
 * and a pointer moves by constants only. */
#ifndef FW_CURSOR_H
#define FW_CURSOR_H

#include <linux/types.h>

/* Every header starts a whole number of words behind the Ethernet header. */
#define FW_WORD_BYTES 4
/* Farthest that fw_forward_far goes: 16 KiB, more than a jumbo frame. */
#define FW_MAX_WORDS 4095

struct fw_cursor {
  const __u8 *position;
  const __u8 *end; /* of the frame */
  /* In 64 bits, which BPF computes with: */
  __u64 offset; /* of position in the frame, in bytes */
  __u64 limit;  /* where the frame ends, or the datagram in it */
};

/* Whether the frame has `size` more bytes. Not a pointer or NULL: comparing
 * packet pointers with NULL takes CAP_PERFMON as well. */
static __always_inline int fw_frame_has(const struct fw_cursor *cursor,
                                        __u32 size) {
  return cursor->position + size <= cursor->end;
}

/* Whether the datagram has them too. */
static __always_inline int fw_has(const struct fw_cursor *cursor, __u32 size) {
  return cursor->offset + size <= cursor->limit && fw_frame_has(cursor, size);
}

/* Moves on by a constant number of bytes. */
static __always_inline void fw_skip(struct fw_cursor *cursor, __u32 size) {
  cursor->position += size;
  cursor->offset += size;
}

static __always_inline const __u8 *fw_forward_if(const __u8 *position,
                                                 __u32 condition, __u32 size) {
  if (condition) {
    position += size;
    /* Keeps the compiler from adding a variable that is 0 or `size`. */
    __asm__ volatile("" : "+r"(position));
  }
  return position;
}

/* `position` plus a variable number of words, at most 15: one constant step
 * for each bit. */
static __always_inline const __u8 *fw_forward(const __u8 *position,
                                              __u32 words) {
  position = fw_forward_if(position, words & 1, 1 * FW_WORD_BYTES);
  position = fw_forward_if(position, words & 2, 2 * FW_WORD_BYTES);
  position = fw_forward_if(position, words & 4, 4 * FW_WORD_BYTES);
  return fw_forward_if(position, words & 8, 8 * FW_WORD_BYTES);
}

/* The same with at most FW_MAX_WORDS, and so 256 times as many paths. */
static __always_inline const __u8 *fw_forward_far(const __u8 *position,
                                                  __u32 words) {
  position = fw_forward(position, words);
  position = fw_forward_if(position, words & 16, 16 * FW_WORD_BYTES);
  position = fw_forward_if(position, words & 32, 32 * FW_WORD_BYTES);
  position = fw_forward_if(position, words & 64, 64 * FW_WORD_BYTES);
  position = fw_forward_if(position, words & 128, 128 * FW_WORD_BYTES);
  position = fw_forward_if(position, words & 256, 256 * FW_WORD_BYTES);
  position = fw_forward_if(position, words & 512, 512 * FW_WORD_BYTES);
  position = fw_forward_if(position, words & 1024, 1024 * FW_WORD_BYTES);
  return fw_forward_if(position, words & 2048, 2048 * FW_WORD_BYTES);
}

/* Moves on by at most 15 words that are known to be there. */
static __always_inline void fw_skip_words(struct fw_cursor *cursor,
                                          __u32 words) {
  cursor->position = fw_forward(cursor->position, words);
  cursor->offset += words * FW_WORD_BYTES;
}

#endif
