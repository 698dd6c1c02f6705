// Which changes may go to the disk together.
#ifndef FWAGENT_AGENT_CORE_INDEPENDENCE_H_
#define FWAGENT_AGENT_CORE_INDEPENDENCE_H_

#include <string>

#include "absl/container/flat_hash_set.h"
#include "agent/core/change.h"
#include "agent/policy/rule.h"

namespace fwagent::core {

// Whether changes can be planned without a look at each other.
class Independence {
 public:
  // False, and no effect, when this one meets one that was let in before.
  bool LetIn(const Change& change);

 private:
  absl::flat_hash_set<policy::Match, policy::MatchHash> matches_;
  absl::flat_hash_set<std::string> sets_;
  absl::flat_hash_set<std::string> request_ids_;
  bool any_ = false;
  bool closed_ = false;  // by one that must be alone
};

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_INDEPENDENCE_H_
