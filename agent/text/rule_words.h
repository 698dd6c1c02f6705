// Ordered rules in words.
#ifndef FWAGENT_AGENT_TEXT_RULE_WORDS_H_
#define FWAGENT_AGENT_TEXT_RULE_WORDS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "fwagent/v1/filter_rule.pb.h"

namespace fwagent::text {

// "drop", "pass", "reject", "limit"; "unknown" for what a newer agent may send.
std::string RuleActionText(v1::RuleAction action);

// A rule from words such as "drop from 10.0.0.0/8": the action, and what the
// agent shall make of the rest. INVALID_ARGUMENT: no action.
absl::StatusOr<v1::FilterRule> ReadFilterRule(
    const std::vector<std::string>& words);

// "drop from 10.0.0.0/8", without the order.
std::string RuleText(const v1::FilterRule& rule);

}  // namespace fwagent::text

#endif  // FWAGENT_AGENT_TEXT_RULE_WORDS_H_
