#include "agent/core/publication.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "agent/core/ordered.h"
#include "agent/core/steps.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {
namespace {

using policy::PortRange;
using policy::Prefix;
using Kind = Edit::Kind;

void ChangePorts(const Step& step, policy::PortRules& ports) {
  const auto& range = std::get<PortRange>(step.rule.match);
  if (const auto gone = RemovedBy(step)) {
    policy::ErasePortRule(range, *gone, ports);
  }
  if (step.adds()) {
    ports.emplace(range, policy::PortRule(step.rule.id, step.rule.until));
  }
}

// The prefix whose meaning is all that changes; null when there is more, or
// nothing.
const Prefix* OnlyPrefix(const PlannedChange& change) {
  if (!change.steps.empty()) {
    const policy::Match& match = change.steps.front().rule.match;
    const bool same = std::all_of(
        change.steps.begin(), change.steps.end(),
        [&match](const Step& step) { return step.rule.match == match; });
    return same && change.set_steps.empty() ? std::get_if<Prefix>(&match)
                                            : nullptr;
  }
  if (change.set_steps.size() != 1) return nullptr;
  const SetStep& step = change.set_steps.front();
  if (!step.in_place() || !ClaimsSources(*step.before)) return nullptr;
  const policy::SetDifference& difference = step.difference;
  // One entry, or several that have ended.
  if (difference.before.size() > 1) return nullptr;
  return difference.after.empty() ? &difference.before.front().prefix
                                  : &difference.after.front().prefix;
}

// What a prefix means after a change, which others may hold too.
OneSource SourceChange(const PlannedChange& change, const Prefix& prefix) {
  auto source = SourceAfter(change, prefix);
  if (!source.has_value()) return RemovedSource{prefix};
  return AddedSource{*source};
}

// The tables of all protocols that the steps touch.
std::vector<PortsOf> AllPortsAfter(const PlannedChange& change) {
  policy::PortRules wanted = change.rules.port_rules();
  std::array<bool, policy::kProtocols.size()> touched{};
  for (const Step& step : change.steps) {
    const auto* ports = std::get_if<PortRange>(&step.rule.match);
    if (ports == nullptr) continue;
    ChangePorts(step, wanted);
    touched[static_cast<std::size_t>(ports->protocol())] = true;
  }
  std::vector<PortsOf> tables;
  for (const policy::Protocol protocol : policy::kProtocols) {
    if (!touched[static_cast<std::size_t>(protocol)]) continue;
    tables.push_back({protocol, policy::CompilePortTable(wanted, protocol)});
  }
  return tables;
}

// What the steps take out, where all of them only take out what has ended.
struct Ends {
  absl::flat_hash_set<Prefix> prefixes;
  policy::Deadline ended_by = policy::kNever;
};

std::optional<Ends> EndsIn(const PlannedChange& change) {
  Ends ends;
  for (const Step& step : change.steps) {
    if (step.kind != Kind::kEnd) return std::nullopt;
    ends.ended_by = std::max(ends.ended_by, step.rule.until);
    const auto* prefix = std::get_if<Prefix>(&step.rule.match);
    if (prefix != nullptr) ends.prefixes.insert(*prefix);
  }
  for (const SetStep& step : change.set_steps) {
    if (!step.only_ends()) return std::nullopt;
    ends.ended_by = std::max(ends.ended_by, step.ended_by);
    for (const policy::SetEntry& entry : step.difference.before) {
      ends.prefixes.insert(entry.prefix);
    }
  }
  return ends;
}

// Whether to take so many away one by one, rather than build all anew.
bool AreFew(std::size_t prefixes, const PlannedChange& change) {
  // Building costs about a hundredth of it for each prefix.
  constexpr std::size_t kCostOfBuilding = 100;
  std::size_t all = change.rules.size();
  for (const auto& [name, set] : change.sets) all += set->entries.size();
  return prefixes * kCostOfBuilding <= all;
}

bool ChangesSources(const PlannedChange& change) {
  return std::any_of(
             change.set_steps.begin(), change.set_steps.end(),
             [](const SetStep& step) {
               return (step.before != nullptr && ClaimsSources(*step.before)) ||
                      (step.after != nullptr && ClaimsSources(*step.after));
             }) ||
         std::any_of(change.steps.begin(), change.steps.end(),
                     [](const Step& step) {
                       return std::holds_alternative<Prefix>(step.rule.match);
                     });
}

Several SeveralOf(const PlannedChange& change) {
  Several several;
  const std::optional<Ends> ends = EndsIn(change);
  // Whoever says it: what has ended need not be looked for in the steps.
  const std::vector<Step> no_steps;
  const std::vector<SetStep> no_set_steps;
  const PlannedChange rest{no_steps, no_set_steps, change.rules, change.sets,
                           ends.has_value() ? ends->ended_by : policy::kNever};
  if (!ChangesSources(change)) {
    several.sources = std::monostate();
  } else if (ends.has_value() && !ends->prefixes.empty() &&
             AreFew(ends->prefixes.size(), change)) {
    ManySources sources;
    sources.changes.reserve(ends->prefixes.size());
    for (const Prefix& prefix : ends->prefixes) {
      sources.changes.push_back(SourceChange(rest, prefix));
    }
    several.sources = std::move(sources);
  } else {
    several.sources =
        AllSources{SourcesAfter(ends.has_value() ? rest : change)};
  }
  several.ports = AllPortsAfter(change);
  if (ChangesOrdered(change)) several.ordered = OrderedAfter(change);
  return several;
}

struct Call {
  dataplane::DataPlane& data_plane;

  absl::Status operator()(std::monostate) const { return absl::OkStatus(); }
  absl::Status operator()(const AddedSource& added) const {
    return data_plane.AddSource(added.rule);
  }
  absl::Status operator()(const RemovedSource& removed) const {
    absl::Status status = data_plane.RemoveSource(removed.prefix);
    if (!absl::IsNotFound(status)) return status;
    spdlog::warn("{} was gone from the kernel's table already",
                 removed.prefix.ToString());
    return absl::OkStatus();
  }
  absl::Status operator()(const AllSources& all) const {
    return data_plane.ReplaceSources(all.rules);
  }
  absl::Status operator()(const PortsOf& ports) const {
    return data_plane.ReplacePorts(ports.protocol, ports.table);
  }
  absl::Status operator()(const ManySources& many) const {
    for (const OneSource& change : many.changes) {
      FW_RETURN_IF_ERROR(std::visit(*this, change));
    }
    return absl::OkStatus();
  }
  absl::Status operator()(const Several& several) const {
    dataplane::NewTables next;
    if (const auto* all = std::get_if<AllSources>(&several.sources)) {
      next.sources = &all->rules;
    } else if (const auto* many = std::get_if<ManySources>(&several.sources)) {
      FW_RETURN_IF_ERROR((*this)(*many));
    }
    for (const PortsOf& ports : several.ports) {
      next.ports[static_cast<std::size_t>(ports.protocol)] = &ports.table;
    }
    if (several.ordered.has_value()) next.ordered = &*several.ordered;
    return data_plane.ReplaceTables(next);
  }
};

}  // namespace

Publication ToPublish(const PlannedChange& change) {
  if (change.steps.empty() && change.set_steps.empty()) return std::monostate();
  const bool changes_ordered = ChangesOrdered(change);
  const Prefix* prefix = changes_ordered ? nullptr : OnlyPrefix(change);
  if (prefix != nullptr) {
    return std::visit([](auto one) -> Publication { return one; },
                      SourceChange(change, *prefix));
  }
  Several several = SeveralOf(change);
  if (changes_ordered) return several;
  if (several.sources.index() == 0 && several.ports.empty()) {
    return std::monostate();
  }
  if (several.ports.empty()) {
    if (auto* all = std::get_if<AllSources>(&several.sources)) {
      return std::move(*all);
    }
  } else if (several.ports.size() == 1 && several.sources.index() == 0) {
    return std::move(several.ports.front());
  }
  return several;
}

absl::Status Publish(const Publication& publication,
                     dataplane::DataPlane& data_plane) {
  return std::visit(Call{data_plane}, publication);
}

}  // namespace fwagent::core
