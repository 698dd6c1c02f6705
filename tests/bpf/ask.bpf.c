/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The program's own look-up, without packets: each run answers one question,
 * and the next run the next one. */
#include "tests/bpf/ask.h"

/* It also looks up ports, which is not asked for here. */
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunused-function"
#include "bpf/fw_lookup.h"
#pragma clang diagnostic pop

struct fw_question fw_questions[FW_QUESTIONS];
struct fw_answer fw_answers[FW_QUESTIONS];

/* Of the next run. */
__u32 fw_position;

/* Of the tables: written by who changes them. */
__u64 fw_changes_begun;
__u64 fw_changes_ended;

static __always_inline __u32 fw_find(const struct fw_question *question) {
  __u32 active = fw_active_tables();
  __u32 address = (__u32)question->low;

  if (question->family == FW_FAMILY_IPV4)
    return question->verdict_only
               ? fw_find4(active >> FW_FAMILY_IPV4 & 1, address)
               : fw_find4_rule(active >> FW_FAMILY_IPV4 & 1, address);
  return fw_find6(active >> FW_FAMILY_IPV6 & 1, question->high, question->low);
}

/* Verified by itself: see fw_subprograms.h. */
__noinline int fw_copy_meaning(__u32 entry, __u32 position) {
  __u32 record = entry & FW_ENTRY_PAYLOAD;
  const union fw_line *line;

  if (fw_kind_of(entry) != FW_ENTRY_MEANING) return 0;
  line = fw_line(record / FW_LINE_RECORDS);
  if (!line) return 0;
  fw_answers[position & (FW_QUESTIONS - 1)].meaning =
      line->meanings[record % FW_LINE_RECORDS];
  return 1;
}

__noinline int fw_copy_terms(__u32 kind, __u32 record, __u32 position) {
  const union fw_line *line;

  if (kind != FW_ENTRY_TIMED) return 0;
  line = fw_line(record / FW_LINE_RECORDS);
  if (!line) return 0;
  fw_answers[position & (FW_QUESTIONS - 1)].terms =
      line->terms[record % FW_LINE_RECORDS];
  return 1;
}

/* Not of the type XDP: a test run of such a program that repeats it waits for
 * all packets before and after. */
SEC("tc")
int ask(struct __sk_buff *ctx) {
  __u32 position = fw_position++ & (FW_QUESTIONS - 1);
  struct fw_answer *answer = &fw_answers[position];

  answer->first = FW_READ(fw_changes_ended);
  answer->entry = fw_find(&fw_questions[position]);
  if (fw_copy_meaning((__u32)answer->entry, position))
    fw_copy_terms(answer->meaning.verdict, answer->meaning.rule, position);
  else
    fw_copy_terms(fw_kind_of((__u32)answer->entry),
                  (__u32)answer->entry & FW_ENTRY_PAYLOAD, position);
  answer->last = FW_READ(fw_changes_begun);
  return 0;
}

char fw_license[] SEC("license") = "Dual BSD/GPL";
