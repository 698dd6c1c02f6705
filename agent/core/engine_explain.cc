// What the engine says of single packets.
#include <utility>

#include "agent/core/engine.h"
#include "agent/core/expiry.h"
#include "agent/core/explain.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {

// No change comes in between the packet and the rules that explain it.
absl::StatusOr<Explanation> Engine::Explain(const std::string& interface,
                                            std::string_view frame) {
  const util::MutexLock change_lock(&change_mutex_);
  FW_ASSIGN_OR_RETURN(dataplane::Judgement judgement,
                      data_plane_->Judge(interface, frame));
  const Moment now = clocks_.Now();
  const util::MutexLock lock(&mutex_);
  std::vector<Statement> statements =
      StatementsOn(judgement.facts, rules_, sets_, now.tick());
  for (Statement& statement : statements) {
    auto* rule = std::get_if<policy::Rule>(&statement.by);
    if (rule != nullptr) rule->expire_time = PresentExpireTime(*rule, now);
  }
  Explanation explanation =
      core::Explain(std::move(judgement), std::move(statements));
  explanation.generation = generation_;
  return explanation;
}

}  // namespace fwagent::core
