// What the engine says of single packets, and of those that are not judged yet.
#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "agent/core/engine.h"
#include "agent/core/expiry.h"
#include "agent/core/explain.h"
#include "agent/core/lockout.h"
#include "agent/util/name_pattern.h"
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

absl::Status Engine::CheckGuarding(
    const std::vector<std::string>& interfaces,
    const std::vector<Lifeline>& lifelines) const {
  absl::flat_hash_set<std::string> guarded;
  for (const dataplane::InterfaceState& state : data_plane_->Interfaces()) {
    if (state.attached()) guarded.insert(state.name);
  }
  for (const Lifeline& lifeline : lifelines) {
    const std::string& interface = lifeline.packet.more.interface;
    const bool is_meant = interfaces.empty() ||
                          std::any_of(interfaces.begin(), interfaces.end(),
                                      [&interface](const std::string& name) {
                                        return util::Matches(name, interface);
                                      });
    if (interface.empty() || !is_meant || guarded.contains(interface)) continue;
    const bool drops = data_plane_->DropsByDefault(interface);
    const util::MutexLock lock(&mutex_);
    FW_RETURN_IF_ERROR(
        CheckJudged(lifeline, rules_, sets_, drops, clocks_.Now().tick()));
  }
  return absl::OkStatus();
}

}  // namespace fwagent::core
