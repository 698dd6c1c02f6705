#include "agent/core/lockout.h"

#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "agent/core/explain.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {
namespace {

bool Drops(const Statement& statement) {
  if (statement.stage == Stage::kAllowedSource) return false;
  const auto* rule = std::get_if<policy::Rule>(&statement.by);
  return rule == nullptr || rule->action != policy::Action::kPass;
}

bool IsDropped(const std::vector<Statement>& statements,
               bool drops_by_default) {
  return statements.empty() ? drops_by_default : Drops(statements.front());
}

// "block source 192.0.2.0/24 (rule 7)"; what is new has no number yet.
std::string TextOf(const Statement& statement) {
  if (const auto* hit = std::get_if<SetHit>(&statement.by)) {
    return absl::StrCat("block source ", hit->entry.prefix.ToString(), " (set ",
                        hit->set.name, ")");
  }
  const auto& rule = std::get<policy::Rule>(statement.by);
  return absl::StrCat(
      policy::ActionName(rule.action), " ", policy::MatchToString(rule.match),
      rule.id == 0 ? "" : absl::StrCat(" (rule ", rule.id, ")"));
}

std::string AddressOf(const Lifeline& lifeline) {
  const std::string text = lifeline.packet.source->ToString();
  return text.substr(0, text.find('/'));
}

std::string PortOf(const Lifeline& lifeline) {
  if (!lifeline.packet.port_host.has_value()) return "";
  return absl::StrCat(
      " at port ", *lifeline.packet.port_host, "/",
      std::string(policy::ProtocolName(*lifeline.packet.protocol)));
}

absl::Status CutsOff(const Lifeline& lifeline,
                     const std::vector<Statement>& after) {
  const std::string address = AddressOf(lifeline);
  return util::WithReason(
      absl::FailedPreconditionError(absl::StrCat(
          "this would cut off ", address, ", ", lifeline.who, PortOf(lifeline),
          ": ",
          after.empty()
              ? "nothing would allow it any more, and the default is to drop"
              : TextOf(after.front()),
          ". Nothing was changed: allow ", address,
          " first, name it under failsafe in the agent's configuration, or "
          "insist (fwctl: --force)")),
      "LOCKOUT");
}

}  // namespace

absl::Status CheckJudged(const Lifeline& lifeline, const policy::RuleSet& rules,
                         const policy::SetTable& sets, bool drops_by_default,
                         policy::Deadline now) {
  const auto statements = StatementsOn(lifeline.packet, rules, sets, now);
  return IsDropped(statements, drops_by_default) ? CutsOff(lifeline, statements)
                                                 : absl::OkStatus();
}

absl::Status CheckLockout(const std::vector<Lifeline>& lifelines,
                          const PlannedChange& change, bool drops_by_default,
                          policy::Deadline now) {
  for (const Lifeline& lifeline : lifelines) {
    if (!lifeline.packet.source.has_value()) continue;
    const auto after = StatementsAfter(lifeline.packet, change, now);
    if (!IsDropped(after, drops_by_default)) continue;
    const auto before =
        StatementsOn(lifeline.packet, change.rules, change.sets, now);
    if (!IsDropped(before, drops_by_default)) return CutsOff(lifeline, after);
  }
  return absl::OkStatus();
}

}  // namespace fwagent::core
