// The kernel's messages about network interfaces (rtnetlink(7)).
#ifndef FWAGENT_AGENT_DATAPLANE_LINK_WATCHER_H_
#define FWAGENT_AGENT_DATAPLANE_LINK_WATCHER_H_

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "agent/dataplane/link_events.h"
#include "agent/util/scoped_fd.h"

namespace fwagent::dataplane {

// Hears of the network namespace in which it was opened: interfaces that are
// made, deleted, renamed, moved, set up or down, get another MTU or, by
// netlink, another XDP program. Links of BPF programs come and go unheard.
class LinkWatcher : public LinkEvents {
 public:
  // Everything from now on. `receive_bytes` is for tests: the size of the
  // socket's buffer, 0 for the kernel's default.
  static absl::StatusOr<std::unique_ptr<LinkWatcher>> Open(
      int receive_bytes = 0);

  LinkEvent Wait(absl::Duration timeout) override;
  void Stop() override;

 private:
  LinkWatcher(util::ScopedFd socket, util::ScopedFd stop)
      : socket_(std::move(socket)), stop_(std::move(stop)) {}

  LinkEvent Drain();

  util::ScopedFd socket_;
  util::ScopedFd stop_;  // readable once Stop was called
};

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_LINK_WATCHER_H_
