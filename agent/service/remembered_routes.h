// The kernel's answers about routes, for as long as they hold.
#ifndef FWAGENT_AGENT_SERVICE_REMEMBERED_ROUTES_H_
#define FWAGENT_AGENT_SERVICE_REMEMBERED_ROUTES_H_

#include <functional>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "agent/policy/prefix.h"
#include "agent/service/host_routes.h"
#include "agent/util/mutex.h"
#include "agent/util/scoped_fd.h"

namespace fwagent::service {

// Of the network namespace in which it was made. The kernel tells of changes of
// interfaces, addresses, routes and rules before it answers who made them
// (rtnetlink(7)). Thread-safe.
class RememberedRoutes {
 public:
  using Ask = std::function<std::optional<HostRoute>(const policy::Prefix&)>;

  // `ask` is for tests.
  explicit RememberedRoutes(Ask ask = RouteTo);

  // Forgets everything if something has changed, and after a second whatever
  // happens. What follows is as of now.
  void Refresh() ABSL_LOCKS_EXCLUDED(mutex_);

  // As RouteTo.
  std::optional<HostRoute> To(const policy::Prefix& host)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // The gateways to the rest of the world, of each family.
  std::vector<policy::Prefix> DefaultGateways();

 private:
  bool SomethingChanged() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Ask ask_;
  const util::ScopedFd news_;  // invalid: the kernel tells nothing
  util::Mutex mutex_;
  absl::flat_hash_map<policy::Prefix, std::optional<HostRoute>> answers_
      ABSL_GUARDED_BY(mutex_);
  absl::Time since_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_REMEMBERED_ROUTES_H_
