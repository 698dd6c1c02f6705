// Who is at the other end of a connection.
#ifndef FWAGENT_AGENT_SERVICE_PEERS_H_
#define FWAGENT_AGENT_SERVICE_PEERS_H_

#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "agent/util/mutex.h"

namespace fwagent::service {

// gRPC knows nothing of Unix credentials, but calls a connection that it was
// handed "fd:N". So the listener writes here who came in by descriptor N.
// Numbers are used again: the newest entry counts, and an RPC looks it up once,
// at its start. Good for the log; a client that hangs up in that moment may be
// taken for the next one. Thread-safe.
class Peers {
 public:
  // Asks the kernel who is behind an accepted socket and remembers it.
  void Record(int fd) ABSL_LOCKS_EXCLUDED(mutex_);

  // "uid 0 pid 4711" or "192.0.2.7:5123"; the given text itself when it names
  // no recorded connection. `grpc_peer` is ServerContext::peer().
  std::string Describe(std::string_view grpc_peer) const
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  mutable util::Mutex mutex_;
  absl::flat_hash_map<int, std::string> by_fd_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_PEERS_H_
