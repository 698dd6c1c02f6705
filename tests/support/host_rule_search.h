// The search among ordered rules, on the host: by the very code that the XDP
// program is made of.
#ifndef FWAGENT_TESTS_SUPPORT_HOST_RULE_SEARCH_H_
#define FWAGENT_TESTS_SUPPORT_HOST_RULE_SEARCH_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "agent/lookup/rule_image.h"

namespace fwagent::testing {

// One image, in memory that has nothing else in it.
class HostRuleSearch {
 public:
  explicit HostRuleSearch(lookup::RuleImage image);

  // The numbers of all rules that match, as far as is known, in the order in
  // which the program considers them.
  std::vector<std::uint32_t> Matches(const fw_facts& facts);

  // Steps that the last call of Matches took; the program has
  // FW_SEARCH_STEPS.
  std::size_t steps() const { return steps_; }
  // How often lines were asked for that are not in the image.
  std::size_t misses() const { return misses_; }

  // For the search.
  const union fw_line* line(std::uint32_t number);
  const fw_rule_tables& tables() const { return tables_; }
  fw_search* search() { return &search_; }

 private:
  std::vector<fw_line> lines_;
  fw_rule_tables tables_;
  fw_search search_{};
  std::size_t steps_ = 0;
  std::size_t misses_ = 0;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_HOST_RULE_SEARCH_H_
