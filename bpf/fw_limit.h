/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Rate limits: one time for each bucket, under a lock that all CPUs share, so
 * that a limit is exact however packets are spread over them. */
#ifndef FW_LIMIT_H
#define FW_LIMIT_H

#include "bpf/fw_lookup.h"

/* What one packet asks of a bucket. */
struct fw_charge {
  __u64 now;
  __u64 cost;
  __u64 tolerance;
  __u64 block; /* added to the time of a bucket that is overdrawn */
};

static __always_inline __u64 fw_limit_now(void) {
  return bpf_ktime_get_boot_ns() << FW_LIMIT_SHIFT;
}

/* Whether a packet comes too fast; changes the bucket. Under its lock. */
static __always_inline int fw_take(__u64 *time,
                                   const struct fw_charge *charge) {
  __u64 ahead = *time > charge->now ? *time - charge->now : 0;

  if (ahead + charge->cost <= charge->tolerance) {
    *time = charge->now + ahead + charge->cost;
    return 0;
  }
  if (charge->block && ahead <= charge->tolerance)
    *time = charge->now + charge->tolerance + charge->block;
  return 1;
}

static __always_inline int fw_take_of_rule(__u32 key,
                                           const struct fw_charge *charge) {
  struct fw_rule_bucket *bucket = bpf_map_lookup_elem(&fw_rule_buckets, &key);
  int exceeds;

  if (!bucket) return 1;
  bpf_spin_lock(&bucket->lock);
  exceeds = fw_take(&bucket->time, charge);
  bpf_spin_unlock(&bucket->lock);
  return exceeds;
}

#define FW_NO_BUCKET 2

/* Keeps the compiler from adding a variable: see fw_forward_if. */
static __always_inline __u64 *fw_time_of(struct fw_bucket_line *line,
                                         __u32 slot) {
  __u64 *time = &line->times[slot];

  __asm__ volatile("" : "+r"(time));
  return time;
}

/* The same of the bucket with this key; FW_NO_BUCKET: there is no place. */
static __always_inline int fw_take_of_source(__u64 bucket_key,
                                             const struct fw_charge *charge) {
  __u32 key = bucket_key % FW_BUCKET_LINES;
  struct fw_bucket_line *line = bpf_map_lookup_elem(&fw_buckets, &key);
  int exceeds = FW_NO_BUCKET;

  if (!line) return FW_NO_BUCKET;
  bpf_spin_lock(&line->lock);
#pragma clang loop unroll(full)
  for (int i = 0; i < FW_BUCKET_LINE_SLOTS; i++) {
    if (exceeds == FW_NO_BUCKET && line->keys[i] == bucket_key)
      exceeds = fw_take(fw_time_of(line, i), charge);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < FW_BUCKET_LINE_SLOTS; i++) {
    if (exceeds == FW_NO_BUCKET && line->times[i] <= charge->now) {
      line->keys[i] = bucket_key;
      exceeds = fw_take(fw_time_of(line, i), charge);
    }
  }
  bpf_spin_unlock(&line->lock);
  return exceeds;
}

static __always_inline __u64 fw_first_bits(__u64 half, __u32 bits) {
  if (bits == 0) return 0;
  return bits >= 64 ? half : half & ~(~0ull >> bits);
}

/* What shares a bucket. The constants are those of fw_home6. */
static __always_inline __u64 fw_bucket_key(const struct fw_facts *facts,
                                           __u64 rule, __u32 bits, __u64 seed) {
  __u64 key =
      (fw_first_bits(facts->source[0], bits) ^ seed) * 0x9e3779b97f4a7c15ull;

  key = ((key ^ key >> 32) +
         fw_first_bits(facts->source[1], bits > 64 ? bits - 64 : 0)) *
        0xd6e8feb86659fd93ull;
  key = ((key ^ key >> 32) + rule) * 0x9e3779b97f4a7c15ull;
  return key ^ key >> 29 ^ facts->family;
}

/* Whether a packet comes faster than the rule with this number, which matches
 * it, lets it. */
__noinline int fw_exceeds_limit(__u32 which, __u32 number) {
  const struct fw_rule_tables *tables = fw_rule_tables(which);
  const struct fw_search *search = fw_my_search();
  const union fw_line *line;
  struct fw_charge charge;
  __u32 bits, bits6;
  int exceeds = FW_NO_BUCKET;

  if (!search) return 0; /* for the verifier */
  /* Asked at once: a NULL that is known is followed past the question by
   * verifiers without CAP_PERFMON. */
  line = fw_line(tables->rules + number);
  if (!line) return 0;
  charge.now = fw_limit_now();
  charge.cost = line->rule.limit.price;
  if (line->rule.limit.of_bytes)
    charge.cost =
        charge.cost * search->facts.values[FW_FIELD_LENGTH] >> FW_PRICE_SHIFT;
  charge.tolerance = line->rule.limit.tolerance;
  charge.block = (__u64)line->rule.limit.block_ticks
                 << (FW_TICK_SHIFT + FW_LIMIT_SHIFT);
  /* Both are read, so that the compiler adds no variable to the pointer. */
  bits = FW_READ(line->rule.limit.source_bits[FW_FAMILY_IPV4]);
  bits6 = FW_READ(line->rule.limit.source_bits[FW_FAMILY_IPV6]);
  if (search->facts.family == FW_FAMILY_IPV6) bits = bits6;
  if (bits != 0)
    exceeds = fw_take_of_source(
        fw_bucket_key(&search->facts, line->rule.id, bits, tables->seed),
        &charge);
  if (exceeds == FW_NO_BUCKET) {
    /* Who shares a bucket is not blocked for what others do. */
    if (bits != 0) charge.block = 0;
    exceeds = fw_take_of_rule(line->rule.counter, &charge);
  }
  return exceeds;
}

/* Whether one more packet may be answered. */
static __always_inline int fw_may_answer(void) {
  struct fw_charge charge = {
      fw_limit_now(), (1000000000ull << FW_LIMIT_SHIFT) / FW_ANSWERS_PER_SECOND,
      (1000000000ull << FW_LIMIT_SHIFT) / FW_ANSWERS_PER_SECOND *
          FW_ANSWERS_AT_ONCE,
      0};

  return !fw_take_of_rule(FW_ANSWER_BUCKET, &charge);
}

#endif
