// What the kernel must be told so that it enforces some steps.
#ifndef FWAGENT_AGENT_CORE_PUBLICATION_H_
#define FWAGENT_AGENT_CORE_PUBLICATION_H_

#include <optional>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "agent/core/sources.h"
#include "agent/dataplane/data_plane.h"
#include "agent/policy/ordered_rules.h"
#include "agent/policy/port_table.h"

namespace fwagent::core {

struct AddedSource {
  policy::SourceRule rule;
};
struct RemovedSource {
  policy::Prefix prefix;
};
struct AllSources {
  std::vector<policy::SourceRule> rules;
};
// Either, of one prefix.
using OneSource = std::variant<AddedSource, RemovedSource>;
struct ManySources {
  std::vector<OneSource> changes;
};
struct PortsOf {
  policy::Protocol protocol = policy::Protocol::kTcp;
  policy::PortTable table;
};

// Of several tables, at one instant; ManySources come before it one by one, as
// they are what has ended, which packets see already.
struct Several {
  std::variant<std::monostate, ManySources, AllSources> sources;
  std::vector<PortsOf> ports;
  std::optional<policy::OrderedRules> ordered;
};

// What takes effect at one instant.
using Publication = std::variant<std::monostate, AddedSource, RemovedSource,
                                 AllSources, PortsOf, Several>;

Publication ToPublish(const PlannedChange& change);

// As the method of the data plane that it calls; what is to be removed and is
// gone already is removed.
absl::Status Publish(const Publication& publication,
                     dataplane::DataPlane& data_plane);

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_PUBLICATION_H_
