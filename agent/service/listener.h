// Accepting connections ourselves: gRPC 1.51's own listener stops for good
// after one EMFILE (CVE-2023-4785), and tells nobody who a Unix peer is.
#ifndef FWAGENT_AGENT_SERVICE_LISTENER_H_
#define FWAGENT_AGENT_SERVICE_LISTENER_H_

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "agent/util/scoped_fd.h"

namespace fwagent::service {

// Runs one accept loop on its own thread until it is destroyed. A connection
// that would leave too few descriptors for the agent's own work is closed at
// once; running out of descriptors pauses the loop and never ends it.
class Listener {
 public:
  // Takes over an accepted, non-blocking descriptor.
  using Handler = std::function<void(util::ScopedFd)>;

  // `socket` is bound and listening; `name` is for the log.
  static absl::StatusOr<std::unique_ptr<Listener>> Start(util::ScopedFd socket,
                                                         std::string name,
                                                         Handler handler);
  ~Listener();

  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

 private:
  Listener(util::ScopedFd socket, util::ScopedFd wake, std::string name,
           Handler handler);
  void Run();
  // Takes what is waiting; false when there are no descriptors left.
  bool AcceptAll();
  // Logs when connections begin to be refused, and when one is taken again.
  void Announce(bool refusing);

  const util::ScopedFd socket_;
  const util::ScopedFd wake_;
  const std::string name_;
  const Handler handler_;
  const int highest_fd_;
  bool refusing_ = false;  // of the thread alone
  std::thread thread_;
};

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_LISTENER_H_
