// The counters of each interface, in slots that are known by its name.
#ifndef FWAGENT_AGENT_DATAPLANE_COUNTER_SLOTS_H_
#define FWAGENT_AGENT_DATAPLANE_COUNTER_SLOTS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/policy/counters.h"

namespace fwagent::dataplane {

// The state is all in the kernel. Read may be called from any thread. The
// descriptors are the caller's and must outlive the object.
class CounterSlots {
 public:
  using Counters = decltype(policy::InterfaceCounters::by_outcome);

  static absl::StatusOr<CounterSlots> Open(int counters_fd, int slots_fd);

  // The slot of the interface; a new one, with its counters at zero, when it
  // has none. FAILED_PRECONDITION when all belong to `guarded` interfaces.
  absl::StatusOr<std::uint32_t> Take(
      const std::string& interface,
      const std::function<bool(const std::string&)>& guarded) const;

  // nullopt when the interface has no slot.
  absl::StatusOr<std::optional<std::uint32_t>> Find(
      const std::string& interface) const;

  // The interface of each slot; empty where there is none.
  absl::StatusOr<std::vector<std::string>> Names() const;

  // The sum over all CPUs.
  absl::StatusOr<Counters> Read(std::uint32_t slot) const;

 private:
  CounterSlots(int counters_fd, int slots_fd, std::size_t cpus)
      : counters_fd_(counters_fd), slots_fd_(slots_fd), cpus_(cpus) {}

  absl::Status Assign(std::uint32_t slot, const std::string& interface) const;

  int counters_fd_;
  int slots_fd_;
  std::size_t cpus_;
};

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_COUNTER_SLOTS_H_
