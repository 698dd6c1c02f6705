#include "agent/core/publication.h"

#include <spdlog/spdlog.h>

#include <array>
#include <cstddef>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {
namespace {

using policy::PortRange;
using policy::Prefix;
using policy::SourceRule;
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

SourceRule ToSourceRule(const policy::Rule& rule) {
  return {.prefix = std::get<Prefix>(rule.match),
          .id = rule.id,
          .until = rule.until};
}

AllSources SourcesAfter(const std::vector<Step>& steps,
                        const policy::RuleSet& rules) {
  absl::flat_hash_set<Prefix> removed;
  AllSources all;
  for (const Step& step : steps) {
    const auto* prefix = std::get_if<Prefix>(&step.rule.match);
    if (prefix == nullptr) continue;
    if (!step.adds() || step.before.has_value()) removed.insert(*prefix);
  }
  for (const SourceRule& rule : rules.SourceRules()) {
    if (!removed.contains(rule.prefix)) all.rules.push_back(rule);
  }
  for (const Step& step : steps) {
    if (step.adds()) all.rules.push_back(ToSourceRule(step.rule));
  }
  return all;
}

Ended EndedOf(const std::vector<Step>& steps, const policy::RuleSet& rules) {
  Ended ended;
  policy::PortRules ports = rules.port_rules();
  std::array<bool, policy::kProtocols.size()> touched{};
  RemovedSources sources;
  for (const Step& step : steps) {
    if (const auto* prefix = std::get_if<Prefix>(&step.rule.match)) {
      sources.prefixes.push_back(*prefix);
      continue;
    }
    const auto& range = std::get<PortRange>(step.rule.match);
    ports.erase(range);
    touched[static_cast<std::size_t>(range.protocol())] = true;
  }
  // Building all anew costs about a hundredth of taking all away one by one.
  constexpr std::size_t kCostOfBuilding = 100;
  if (sources.prefixes.size() * kCostOfBuilding > rules.size()) {
    ended.sources = SourcesAfter(steps, rules);
  } else {
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
  absl::Status operator()(const RemovedSources& removed) const {
    for (const Prefix& prefix : removed.prefixes) {
      FW_RETURN_IF_ERROR((*this)(RemovedSource{prefix}));
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

Publication ToPublish(const std::vector<Step>& steps,
                      const policy::RuleSet& rules) {
  if (steps.empty()) return std::monostate();
  if (steps.size() > 1) {
    if (steps.front().kind == Kind::kEnd) return EndedOf(steps, rules);
    return SourcesAfter(steps, rules);
  }
  const Step& step = steps.front();
  const auto* prefix = std::get_if<Prefix>(&step.rule.match);
  if (prefix == nullptr) return PortsAfter(step, rules);
  if (!step.adds()) return RemovedSource{*prefix};
  return AddedSource{ToSourceRule(step.rule)};
}

absl::Status Publish(const Publication& publication,
                     dataplane::DataPlane& data_plane) {
  return std::visit(Call{data_plane}, publication);
}

}  // namespace fwagent::core
