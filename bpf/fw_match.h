/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Which of the ordered rules match a packet. Pure: compiles for the kernel and,
 * as C++, for the host. Who includes it defines first what fw_find.h asks for,
 * and
 *   const struct fw_rule_tables *fw_rule_tables(__u32 which);
 *   struct fw_search *fw_my_search(void);             NULL: never
 * Functions that are verified apart find the search there, as they may take
 * numbers only. */
#ifndef FW_MATCH_H
#define FW_MATCH_H

#include "bpf/fw_chunk.h"
#include "bpf/fw_table.h"

static __always_inline __u32 fw_count_ones(__u64 word) {
  return (__u32)(fw_count_in_bytes(word) * 0x0101010101010101ull >> 56);
}

/* An element of an array of 32-bit numbers that begins with a line. */
static __always_inline __u32 fw_element(__u32 first_line, __u32 index) {
  const union fw_line *line = fw_line(first_line + index / FW_LINE_ENTRIES);

  return line ? line->entries[index % FW_LINE_ENTRIES] : 0;
}

static __always_inline __u64 fw_image_word(__u32 first_line, __u32 place) {
  const union fw_line *line = fw_line(first_line + place / FW_LINE_WORDS);

  return line ? line->words[place % FW_LINE_WORDS] : 0;
}

/* What a trie says of an address, left-justified. `nodes` and `values` are
 * lines, `found` is the root's word: it goes on. */
FW_SUBPROGRAM __u32 fw_trie_descend(__u32 nodes, __u32 values, __u32 found,
                                    __u64 high, __u64 low) {
  __u32 number = found & ~FW_TRIE_GOES_ON;

  high = high << FW_TRIE_ROOT_BITS | low >> (64 - FW_TRIE_ROOT_BITS);
  low <<= FW_TRIE_ROOT_BITS;
#pragma clang loop unroll(full)
  for (int i = 0; i < FW_TRIE_STEPS; i++) {
    const union fw_line *line = fw_line(nodes + number / FW_LINE_TRIE_NODES);
    __u64 slot = high >> (64 - FW_TRIE_NODE_BITS);
    const struct fw_trie_node *node;
    __u64 up_to_it = ((__u64)2 << slot) - 1;

    if (!line) return 0;
    node = &line->trie_nodes[number % FW_LINE_TRIE_NODES];
    if (!(node->children >> slot & 1))
      return fw_element(
          values, node->first_value + fw_count_ones(node->runs & up_to_it) - 1);
    number = node->first_child + fw_count_ones(node->children & up_to_it) - 1;
    high = high << FW_TRIE_NODE_BITS | low >> (64 - FW_TRIE_NODE_BITS);
    low <<= FW_TRIE_NODE_BITS;
  }
  return 0;
}

/* The vector of what the packet has in a field. */
static __always_inline void fw_take_vector(struct fw_search *search,
                                           __u32 field, __u32 place) {
  const union fw_line *line =
      fw_line(search->first_line + place / FW_LINE_WORDS);
  __u32 word = place % FW_LINE_WORDS & ~1u;

  if (!line) {
    search->words = 0;
    return;
  }
  search->words &= line->words[word];
  search->places[field] = place + 2 - (__u32)line->words[word + 1];
}

/* Where a line is missing, which never is, no rule matches. Not by a place that
 * is a constant: without CAP_PERFMON old verifiers refuse to add that to a
 * pointer where other ways add a variable. */
static __always_inline void fw_take_element(struct fw_search *search,
                                            __u32 field, __u32 first_line,
                                            __u32 index) {
  const union fw_line *line = fw_line(first_line + index / FW_LINE_ENTRIES);

  if (line)
    fw_take_vector(search, field, line->entries[index % FW_LINE_ENTRIES]);
  else
    search->words = 0;
}

static __always_inline void fw_take_address(struct fw_search *search,
                                            __u32 field,
                                            const struct fw_trie *trie,
                                            __u64 high, __u64 low) {
  __u32 index = high >> (64 - FW_TRIE_ROOT_BITS);
  __u32 found = trie->values;

  if (trie->root != 0) {
    const union fw_line *line = fw_line(trie->root + index / FW_LINE_ENTRIES);

    if (!line) {
      search->words = 0;
      return;
    }
    found = line->entries[index % FW_LINE_ENTRIES];
    if (found & FW_TRIE_GOES_ON)
      found = fw_trie_descend(trie->nodes, trie->values, found, high, low);
  }
  fw_take_vector(search, field, found);
}

static __always_inline void fw_ask_addresses(struct fw_search *search,
                                             const struct fw_trie *tries) {
  const struct fw_facts *facts = &search->facts;

  if (search->asked >> FW_FIELD_SOURCE & 1)
    fw_take_address(search, FW_FIELD_SOURCE, &tries[FW_FIELD_SOURCE],
                    facts->source[0], facts->source[1]);
  if (search->asked >> FW_FIELD_DESTINATION & 1)
    fw_take_address(search, FW_FIELD_DESTINATION, &tries[FW_FIELD_DESTINATION],
                    facts->destination[0], facts->destination[1]);
}

FW_SUBPROGRAM int fw_ask_addresses4(__u32 which) {
  struct fw_search *search = fw_my_search();

  if (search)
    fw_ask_addresses(search, fw_rule_tables(which)->tries[FW_FAMILY_IPV4]);
  return 0;
}

FW_SUBPROGRAM int fw_ask_addresses6(__u32 which) {
  struct fw_search *search = fw_my_search();

  if (search)
    fw_ask_addresses(search, fw_rule_tables(which)->tries[FW_FAMILY_IPV6]);
  return 0;
}

/* All fields but the addresses. */
FW_SUBPROGRAM int fw_ask_numbers(__u32 which) {
  const struct fw_rule_tables *tables = fw_rule_tables(which);
  struct fw_search *search = fw_my_search();

  if (!search) return 0;
#pragma clang loop unroll(full)
  for (__u32 field = FW_RULE_ADDRESSES; field < FW_RULE_FIELDS; field++) {
    if (search->asked >> field & 1)
      fw_take_element(search, field, tables->arrays[field],
                      search->facts.values[field]);
  }
  return 0;
}

/* The rules of one word that all vectors have, by its number. */
static __always_inline __u64 fw_matches_in(const struct fw_search *search,
                                           __u32 word) {
  __u64 matches = ~0ull;

#pragma clang loop unroll(full)
  for (__u32 field = 0; field < FW_RULE_FIELDS; field++) {
    if (search->asked >> field & 1)
      matches &=
          fw_image_word(search->first_line, search->places[field] + word);
  }
  return matches;
}

/* Begins a search: the facts are known. Whether there is any hope. */
static __always_inline int fw_begin_search(struct fw_search *search,
                                           __u32 which) {
  const struct fw_rule_tables *tables = fw_rule_tables(which);

  search->first_line = tables->first_line;
  search->asked = tables->used & ~search->facts.unknown;
  search->matches = 0;
  search->words = ~0ull;
  if (tables->count <= FW_MAX_RULES - 64)
    search->words = ((__u64)1 << (tables->count + 63) / 64) - 1;
  if (search->facts.family == FW_FAMILY_IPV4)
    fw_ask_addresses4(which);
  else
    fw_ask_addresses6(which);
  fw_ask_numbers(which);
  return search->words != 0;
}

/* What one step of a search may come to in the place of a rule's number: */
#define FW_SEARCH_GOES_ON FW_MAX_RULES
#define FW_SEARCH_ENDS (FW_MAX_RULES + 1)

/* Looks at the next word or takes the next match. */
static __always_inline __u32 fw_search_on(struct fw_search *search,
                                          __u32 rule_count) {
  __u64 match;
  __u32 number;

  if (!search->matches) {
    __u64 word = search->words & -search->words;

    if (!word) return FW_SEARCH_ENDS;
    search->words ^= word;
    search->word = fw_count_ones(word - 1);
    search->matches = fw_matches_in(search, search->word);
    if (!search->matches) return FW_SEARCH_GOES_ON;
  }
  match = search->matches & -search->matches;
  search->matches ^= match;
  number = search->word * 64 + fw_count_ones(match - 1);
  /* Where nothing is asked, all bits are set. */
  return number < rule_count ? number : FW_SEARCH_ENDS;
}

/* Most steps: each word, and as many rules that let a packet go on. */
#define FW_SEARCH_STEPS (2 * FW_RULE_WORDS)

#endif
