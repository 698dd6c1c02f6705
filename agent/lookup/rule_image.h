// The ordered rules as the XDP program reads them.
#ifndef FWAGENT_AGENT_LOOKUP_RULE_IMAGE_H_
#define FWAGENT_AGENT_LOOKUP_RULE_IMAGE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/policy/ordered_rules.h"
#include "bpf/fw_table.h"

namespace fwagent::lookup {

// What an image is made of besides the rules.
struct RuleContext {
  // Names of interfaces by slot; empty where there is none.
  std::vector<std::string> interfaces;
  // Of each rule, its place among the counters.
  std::vector<std::uint32_t> counters;
  // Of the hash by which limits find their buckets.
  std::uint64_t seed = 0;
};

struct RuleImage {
  // Lines are numbered from 0 here; see MoveTo.
  fw_rule_tables tables{};
  std::vector<fw_line> lines;
};

// INVALID_ARGUMENT: more rules than there can be.
absl::StatusOr<RuleImage> MakeRuleImage(const policy::OrderedRules& rules,
                                        const RuleContext& context);

// The same with the number that the first line has in memory.
fw_rule_tables MoveTo(fw_rule_tables tables, std::uint32_t first_line);

// Whether what a rule says depends on the names of the interfaces.
bool AsksForInterfaces(const policy::OrderedRules& rules);

}  // namespace fwagent::lookup

#endif  // FWAGENT_AGENT_LOOKUP_RULE_IMAGE_H_
