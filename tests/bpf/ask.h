/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What a test and its program ask.bpf.c tell each other, in memory that both
 * map. Compiles as C (BPF) and as C++. */
#ifndef FW_ASK_H
#define FW_ASK_H

#include "bpf/fw_table.h"

/* A power of two. */
#define FW_QUESTIONS 4096

/* An address in host byte order; an IPv4 address is a small number. */
struct fw_question {
  __u64 high;
  __u64 low;
  __u32 family;
  __u32 verdict_only; /* the number of the rule is not asked for */
};

struct fw_answer {
  __u64 first; /* changes that had ended before the look-up began */
  __u64 last;  /* changes that had begun when it ended */
  struct fw_meaning meaning; /* if the entry has one */
  struct fw_terms terms;     /* if that or the entry has some */
  __u64 entry;
};

#endif
