// Ordered rules in words.
#ifndef FWAGENT_CLIENT_FILTER_RULE_TEXT_H_
#define FWAGENT_CLIENT_FILTER_RULE_TEXT_H_

#include <cstddef>
#include <istream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/prefix_list.h"
#include "fwagent/v1/filter_rule.pb.h"

namespace fwagent::client {

// A rule with its place, as "rules.txt, line 3".
struct ListedRule {
  fwagent::v1::FilterRule rule;
  ListedPrefix place;
};

// One on each line, "order 10 drop from 10.0.0.0/8" or without an order; empty
// lines and comments behind '#' are passed over. INVALID_ARGUMENT names a line.
absl::StatusOr<std::vector<ListedRule>> ReadFilterRules(std::istream& in,
                                                        const std::string& name,
                                                        std::size_t most);
// The same of a file, "-" for standard input. NOT_FOUND: it cannot be opened.
absl::StatusOr<std::vector<ListedRule>> ReadFilterRuleFile(
    const std::string& path, std::size_t most);

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_FILTER_RULE_TEXT_H_
