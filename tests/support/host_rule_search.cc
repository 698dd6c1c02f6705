#include "tests/support/host_rule_search.h"

#include <utility>

#define FW_READ(place) (place)
#define FW_SUBPROGRAM static __attribute__((noinline))
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif

namespace {

// What this thread searches in: the search is C.
thread_local fwagent::testing::HostRuleSearch* current = nullptr;

inline const fw_line* fw_line(__u32 number) { return current->line(number); }

inline const fw_rule_tables* fw_rule_tables(__u32) {
  return &current->tables();
}

inline struct fw_search* fw_my_search() { return current->search(); }

#include "bpf/fw_match.h"

}  // namespace

namespace fwagent::testing {
namespace {

// Somewhere, so that a number which was not moved there shows.
constexpr std::uint32_t kFirstLine = 5 * FW_SLAB_LINES + 7;

}  // namespace

HostRuleSearch::HostRuleSearch(lookup::RuleImage image)
    : lines_(std::move(image.lines)),
      tables_(lookup::MoveTo(image.tables, kFirstLine)) {}

const union fw_line* HostRuleSearch::line(std::uint32_t number) {
  if (number >= kFirstLine && number - kFirstLine < lines_.size()) {
    return &lines_[number - kFirstLine];
  }
  ++misses_;
  return nullptr;
}

std::vector<std::uint32_t> HostRuleSearch::Matches(const fw_facts& facts) {
  current = this;
  search_ = {};
  search_.facts = facts;
  steps_ = 0;
  std::vector<std::uint32_t> matches;
  if (fw_begin_search(&search_, 0) == 0) return matches;
  for (;;) {
    ++steps_;
    const std::uint32_t number = fw_search_on(&search_, tables_.count);
    if (number == FW_SEARCH_ENDS) return matches;
    if (number != FW_SEARCH_GOES_ON) matches.push_back(number);
  }
}

}  // namespace fwagent::testing
