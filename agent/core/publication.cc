#include "agent/core/publication.h"

#include <spdlog/spdlog.h>

#include <array>
#include <cstddef>
#include <utility>

#include "agent/util/status_macros.h"

namespace fwagent::core {
namespace {

using policy::PortRange;
using policy::Prefix;
using Kind = Edit::Kind;

PortsOf PortsAfter(const Step& step, const policy::RuleSet& rules) {
  const auto& ports = std::get<PortRange>(step.rule.match);
  policy::PortRules wanted = rules.port_rules();
  if (step.adds()) {
    wanted.insert_or_assign(ports,
                            policy::PortRule(step.rule.id, step.rule.until));
  } else {
    wanted.erase(ports);
  }
  return {ports.protocol(), policy::CompilePortTable(wanted, ports.protocol())};
}

// The prefix whose meaning is all that changes; null when there is more, or
// nothing.
const Prefix* OnlyPrefix(const PlannedChange& change) {
  if (change.steps.size() + change.set_steps.size() != 1) return nullptr;
  if (!change.steps.empty()) {
    return std::get_if<Prefix>(&change.steps.front().rule.match);
  }
  const SetStep& step = change.set_steps.front();
  if (!step.in_place()) return nullptr;
  const policy::SetDifference& difference = step.difference;
  return difference.after.empty() ? &difference.before.front().prefix
                                  : &difference.after.front().prefix;
}

// What a prefix means after a change, which others may hold too.
OneSource SourceChange(const PlannedChange& change, const Prefix& prefix) {
  auto source = SourceAfter(change, prefix);
  if (!source.has_value()) return RemovedSource{prefix};
  return AddedSource{*source};
}

Ended EndedOf(const PlannedChange& change) {
  Ended ended;
  policy::PortRules ports = change.rules.port_rules();
  std::array<bool, policy::kProtocols.size()> touched{};
  std::vector<Step> steps;  // of sources
  for (const Step& step : change.steps) {
    if (std::holds_alternative<Prefix>(step.rule.match)) {
      steps.push_back(step);
      continue;
    }
    const auto& range = std::get<PortRange>(step.rule.match);
    ports.erase(range);
    touched[static_cast<std::size_t>(range.protocol())] = true;
  }
  // Building all anew costs about a hundredth of taking all away one by one.
  constexpr std::size_t kCostOfBuilding = 100;
  if (steps.size() * kCostOfBuilding > change.rules.size()) {
    ended.sources = AllSources{SourcesAfter(change)};
  } else {
    ManySources sources;
    sources.changes.reserve(steps.size());
    for (const Step& step : steps) {
      // By itself, as each look goes through all steps that it is given.
      sources.changes.push_back(
          SourceChange({{step}, {}, change.rules, change.sets},
                       std::get<Prefix>(step.rule.match)));
    }
    ended.sources = std::move(sources);
  }
  for (const policy::Protocol protocol : policy::kProtocols) {
    if (!touched[static_cast<std::size_t>(protocol)]) continue;
    ended.ports.push_back(
        {protocol, policy::CompilePortTable(ports, protocol)});
  }
  return ended;
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
  // After an error, what was taken away is gone: it said nothing any more.
  absl::Status operator()(const Ended& ended) const {
    FW_RETURN_IF_ERROR(std::visit(*this, ended.sources));
    for (const PortsOf& ports : ended.ports) {
      FW_RETURN_IF_ERROR((*this)(ports));
    }
    return absl::OkStatus();
  }
};

}  // namespace

Publication ToPublish(const PlannedChange& change) {
  if (change.steps.empty() && change.set_steps.empty()) return std::monostate();
  if (const Prefix* prefix = OnlyPrefix(change)) {
    return std::visit([](auto one) -> Publication { return one; },
                      SourceChange(change, *prefix));
  }
  if (change.set_steps.empty()) {
    const Step& first = change.steps.front();
    if (change.steps.size() == 1) return PortsAfter(first, change.rules);
    if (first.kind == Kind::kEnd) return EndedOf(change);
  }
  return AllSources{SourcesAfter(change)};
}

absl::Status Publish(const Publication& publication,
                     dataplane::DataPlane& data_plane) {
  return std::visit(Call{data_plane}, publication);
}

}  // namespace fwagent::core
