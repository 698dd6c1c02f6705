#include "agent/core/publication.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace fwagent::core {
namespace {

using policy::PortRange;
using policy::Prefix;
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

Publication ToPublish(const PlannedChange& change) {
  if (change.steps.empty() && change.set_steps.empty()) return std::monostate();
  if (const Prefix* prefix = OnlyPrefix(change)) {
    auto source = SourceAfter(change, *prefix);
    if (!source.has_value()) return RemovedSource{*prefix};
    return AddedSource{*std::move(source)};
  }
  const bool only_ports = change.set_steps.empty() && change.steps.size() == 1;
  if (only_ports) return PortsAfter(change.steps.front(), change.rules);
  return AllSources{SourcesAfter(change)};
}

absl::Status Publish(const Publication& publication,
                     dataplane::DataPlane& data_plane) {
  return std::visit(Call{data_plane}, publication);
}

}  // namespace fwagent::core
