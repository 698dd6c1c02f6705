#include "agent/core/publication.h"

#include <spdlog/spdlog.h>

#include "absl/container/flat_hash_set.h"

namespace fwagent::core {
namespace {

using policy::PortRange;
using policy::Prefix;
using policy::SourceRule;
using Kind = Edit::Kind;

PortsOf PortsAfter(const Step& step, const policy::RuleSet& rules) {
  const auto& ports = std::get<PortRange>(step.rule.match);
  policy::PortRules wanted = rules.port_rules();
  if (step.kind == Kind::kBlock) {
    wanted.emplace(ports, step.rule.id);
  } else {
    wanted.erase(ports);
  }
  return {ports.protocol(), policy::CompilePortTable(wanted, ports.protocol())};
}

AllSources SourcesAfter(const std::vector<Step>& steps,
                        const policy::RuleSet& rules) {
  absl::flat_hash_set<Prefix> removed;
  AllSources all;
  for (const Step& step : steps) {
    const auto& prefix = std::get<Prefix>(step.rule.match);
    if (step.kind == Kind::kUnblock) removed.insert(prefix);
  }
  for (const SourceRule& rule : rules.SourceRules()) {
    if (!removed.contains(rule.prefix)) all.rules.push_back(rule);
  }
  for (const Step& step : steps) {
    if (step.kind != Kind::kBlock) continue;
    all.rules.push_back(
        {.prefix = std::get<Prefix>(step.rule.match), .id = step.rule.id});
  }
  return all;
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
};

}  // namespace

Publication ToPublish(const std::vector<Step>& steps,
                      const policy::RuleSet& rules) {
  if (steps.empty()) return std::monostate();
  if (steps.size() > 1) return SourcesAfter(steps, rules);
  const Step& step = steps.front();
  const auto* prefix = std::get_if<Prefix>(&step.rule.match);
  if (prefix == nullptr) return PortsAfter(step, rules);
  if (step.kind == Kind::kUnblock) return RemovedSource{*prefix};
  return AddedSource{{.prefix = *prefix, .id = step.rule.id}};
}

absl::Status Publish(const Publication& publication,
                     dataplane::DataPlane& data_plane) {
  return std::visit(Call{data_plane}, publication);
}

}  // namespace fwagent::core
