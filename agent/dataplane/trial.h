// Test packets for source tables that are not in force yet.
#ifndef FWAGENT_AGENT_DATAPLANE_TRIAL_H_
#define FWAGENT_AGENT_DATAPLANE_TRIAL_H_

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/policy/source_rule.h"
#include "agent/util/scoped_fd.h"

namespace fwagent::dataplane {

// Lets the kernel run an instance of the filter that is on no interface, counts
// nothing, and judges by the tables that come next.
class Trial {
 public:
  using Load = std::function<absl::StatusOr<util::ScopedFd>()>;

  // `load` makes that instance, when it is needed first.
  explicit Trial(Load load) : load_(std::move(load)) {}

  // Judges packets from inside and from beside some of these prefixes, others
  // each time. INTERNAL: the tables say otherwise of one than the rules, in any
  // order, do. Takes some milliseconds.
  absl::Status Check(const std::vector<policy::SourceRule>& rules);

 private:
  Load load_;
  util::ScopedFd program_;
};

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_TRIAL_H_
