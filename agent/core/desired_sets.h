// The sets that owners want, beside those that there are.
#ifndef FWAGENT_AGENT_CORE_DESIRED_SETS_H_
#define FWAGENT_AGENT_CORE_DESIRED_SETS_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "agent/core/clocks.h"
#include "agent/core/desired.h"
#include "agent/core/set_step.h"
#include "agent/policy/named_set.h"

namespace fwagent::core {

// `sets` and `now` must outlive it.
class DesiredSets {
 public:
  // `owners`: all who say what they want.
  DesiredSets(const policy::SetTable& sets,
              absl::flat_hash_set<std::string> owners, const Moment& now)
      : sets_(sets), owners_(std::move(owners)), now_(now) {}

  // INVALID_ARGUMENT: it is wanted twice; FAILED_PRECONDITION: one of this name
  // belongs to somebody else, who does not let go of it at the same time.
  absl::Status Want(const std::string& owner, const DesiredSet& wanted);

  // What leads there; sets of the owners that nobody wants go.
  std::vector<SetStep> Steps() &&;

 private:
  using Held = std::shared_ptr<policy::NamedSet>;

  std::shared_ptr<const policy::SetEntries> EntriesOf(
      const DesiredSet& wanted, const policy::NamedSet* present) const;
  void Fill(const DesiredSet& wanted, const Held& present);
  void Make(const std::string& owner, const DesiredSet& wanted,
            const Held& present);

  const policy::SetTable& sets_;
  const absl::flat_hash_set<std::string> owners_;
  const Moment& now_;
  absl::flat_hash_set<std::string> names_;
  std::vector<SetStep> gone_;
  std::vector<SetStep> steps_;
};

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_DESIRED_SETS_H_
