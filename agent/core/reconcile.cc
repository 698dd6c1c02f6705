#include "agent/core/reconcile.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {
namespace {

using policy::Prefix;
using policy::Rule;
using policy::RuleId;

constexpr char kAdoptedComment[] = "recovered from the kernel's tables";

absl::Status ReconcileSources(const policy::RuleSet& rules,
                              const dataplane::LiveRules& live,
                              dataplane::DataPlane& data_plane,
                              Repairs& repairs) {
  absl::flat_hash_map<Prefix, RuleId> extra(live.sources.begin(),
                                            live.sources.end());
  std::vector<std::pair<Prefix, RuleId>> missing;
  for (const auto& [id, rule] : rules.rules()) {
    const auto* prefix = std::get_if<Prefix>(&rule.match);
    if (prefix == nullptr) continue;
    const auto found = extra.find(*prefix);
    const bool enforced = found != extra.end() && found->second == id;
    if (found != extra.end()) extra.erase(found);
    if (!enforced) missing.emplace_back(*prefix, id);
  }
  repairs.sources_added = missing.size();
  repairs.sources_removed = extra.size();

  // As many as fit before anything goes, the rest in the room that is made.
  auto next = missing.begin();
  for (; next != missing.end(); ++next) {
    const absl::Status added = data_plane.AddSource(next->first, next->second);
    if (absl::IsResourceExhausted(added)) break;
    FW_RETURN_IF_ERROR(added);
  }
  for (const auto& [prefix, id] : extra) {
    FW_RETURN_IF_ERROR(data_plane.RemoveSource(prefix));
  }
  for (; next != missing.end(); ++next) {
    FW_RETURN_IF_ERROR(data_plane.AddSource(next->first, next->second));
  }
  return absl::OkStatus();
}

absl::Status ReconcilePorts(const policy::RuleSet& rules,
                            const dataplane::LiveRules& live,
                            dataplane::DataPlane& data_plane,
                            Repairs& repairs) {
  for (const policy::Protocol protocol : policy::kProtocols) {
    const policy::PortTable wanted =
        policy::CompilePortTable(rules.port_rules(), protocol);
    const auto& enforced = live.ports[static_cast<std::size_t>(protocol)];
    if (enforced.has_value() && *enforced == wanted) continue;
    FW_RETURN_IF_ERROR(data_plane.ReplacePorts(protocol, wanted));
    ++repairs.port_tables_replaced;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Repairs> Reconcile(const policy::RuleSet& rules,
                                  const dataplane::LiveRules& live,
                                  dataplane::DataPlane& data_plane) {
  Repairs repairs;
  FW_RETURN_IF_ERROR(ReconcileSources(rules, live, data_plane, repairs));
  FW_RETURN_IF_ERROR(ReconcilePorts(rules, live, data_plane, repairs));
  return repairs;
}

absl::StatusOr<store::Delta> AdoptLiveRules(const dataplane::LiveRules& live,
                                            absl::Time now) {
  std::vector<Rule> rules;
  for (const auto& [prefix, id] : live.sources) {
    rules.push_back({id, prefix, kAdoptedComment, now});
  }
  for (const policy::Protocol protocol : policy::kProtocols) {
    const auto& table = live.ports[static_cast<std::size_t>(protocol)];
    if (!table.has_value()) {
      return absl::DataLossError(absl::StrCat(
          "the kernel's ", std::string(policy::ProtocolName(protocol)),
          " port table cannot be read back and there is no store to rebuild "
          "it from"));
    }
    for (const auto& run : policy::PortRuns(protocol, *table)) {
      rules.push_back({run.rule_id, run.ports, kAdoptedComment, now});
    }
  }

  // A range that others cut up comes back as several runs of one id: the
  // first keeps it, the rest get new ones.
  store::Delta delta;
  for (const Rule& rule : rules) {
    delta.next_rule_id = std::max(delta.next_rule_id, rule.id + 1);
  }
  absl::flat_hash_set<RuleId> taken;
  for (Rule& rule : rules) {
    if (rule.id == 0 || !taken.insert(rule.id).second) {
      rule.id = delta.next_rule_id++;
    }
  }
  std::sort(rules.begin(), rules.end(),
            [](const Rule& a, const Rule& b) { return a.id < b.id; });
  delta.add = std::move(rules);
  delta.generation = 1;
  return delta;
}

}  // namespace fwagent::core
