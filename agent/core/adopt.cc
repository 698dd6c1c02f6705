#include "agent/core/adopt.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "agent/core/expiry.h"
#include "agent/core/steps.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {
namespace {

using policy::Action;
using policy::Rule;
using policy::RuleId;

constexpr char kAdoptedComment[] = "recovered from the kernel's tables";

absl::Status Unreadable(const std::string& table) {
  return absl::DataLossError(absl::StrCat(
      "the kernel's ", table,
      " cannot be read back and there is no store to rebuild it from"));
}

Rule AdoptedRule(RuleId id, const policy::Match& match, policy::Deadline until,
                 const Moment& now, Action action = Action::kBlock) {
  Rule rule{.id = id,
            .match = match,
            .action = action,
            .comment = kAdoptedComment,
            .create_time = WholeMicros(now.wall),
            .until = until};
  if (policy::Ends(rule)) rule.expire_time = WholeMicros(now.WallAt(until));
  return rule;
}

// Rules without ids where the kernel holds none.
std::vector<Rule> SourceRules(const std::vector<policy::SourceRule>& sources,
                              const Moment& now) {
  std::vector<Rule> rules;
  for (const policy::SourceRule& source : sources) {
    const bool allows = source.verdict == policy::SourceVerdict::kAllow;
    if (source.verdict != policy::SourceVerdict::kNone) {
      rules.push_back(AdoptedRule(source.id, source.prefix, source.until, now,
                                  allows ? Action::kAllow : Action::kBlock));
    }
    if (allows && source.block_until != policy::kNever) {
      rules.push_back(
          AdoptedRule(source.block_id, source.prefix, source.block_until, now));
    }
  }
  return rules;
}

absl::Status AppendPortBlocks(const dataplane::LivePorts& ports,
                              const Moment& now, std::vector<Rule>& rules) {
  for (const policy::Protocol protocol : policy::kProtocols) {
    const auto& table = ports[static_cast<std::size_t>(protocol)];
    if (!table.has_value()) {
      return Unreadable(absl::StrCat(
          std::string(policy::ProtocolName(protocol)), " port table"));
    }
    for (const auto& run : policy::PortRuns(protocol, *table)) {
      rules.push_back(AdoptedRule(run.rule_id, run.ports, run.until, now));
    }
  }
  return absl::OkStatus();
}

// The id behind the last one; see AdoptLiveRules.
RuleId NumberAnew(std::vector<Rule>& rules, absl::Time now) {
  RuleId next =
      static_cast<RuleId>(std::max(std::int64_t{1}, absl::ToUnixMicros(now)));
  for (const Rule& rule : rules) next = std::max(next, rule.id + 1);
  absl::flat_hash_set<RuleId> taken;
  for (Rule& rule : rules) {
    if (rule.id == 0 || !taken.insert(rule.id).second) rule.id = next++;
  }
  return next;
}

}  // namespace

absl::StatusOr<store::Delta> AdoptLiveRules(dataplane::DataPlane& data_plane,
                                            const dataplane::LivePorts& ports,
                                            const Moment& now) {
  FW_ASSIGN_OR_RETURN(const auto sources, data_plane.ReadSources());
  if (!sources.has_value()) return Unreadable("source table");
  store::Delta delta;
  delta.generation = 1;
  delta.add = SourceRules(*sources, now);
  FW_RETURN_IF_ERROR(AppendPortBlocks(ports, now, delta.add));
  delta.next_rule_id = NumberAnew(delta.add, now.wall);
  std::sort(delta.add.begin(), delta.add.end(),
            [](const Rule& a, const Rule& b) { return a.id < b.id; });
  return delta;
}

store::UndoableEntry AdoptionEntry(const store::Delta& adopted,
                                   absl::Time now) {
  store::UndoableEntry history{
      .entry = {.generation = adopted.generation,
                .time = WholeMicros(now),
                .origin = "start",
                .summary = absl::StrCat("adopt ", adopted.add.size(),
                                        " rules from the kernel's tables")},
      .boot_id = adopted.boot_id};
  for (const Rule& rule : adopted.add) history.undo.remove.push_back(rule.id);
  history.entry.etag = NextEtag("", history.entry);
  return history;
}

}  // namespace fwagent::core
