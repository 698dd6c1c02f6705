// Who is at the other end of a connection.
#ifndef FWAGENT_AGENT_SERVICE_PEERS_H_
#define FWAGENT_AGENT_SERVICE_PEERS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "agent/core/change.h"
#include "agent/service/host_tcp.h"
#include "agent/util/mutex.h"

namespace fwagent::service {

struct Peer {
  // "uid 0 pid 4711" or "192.0.2.7:5123".
  std::string text;
  // By TCP.
  std::optional<TcpPeer> tcp;
  // By the Unix socket, from a process that belonged to somebody's login when
  // it connected, or may have.
  bool is_somebodys = false;
};

// gRPC knows nothing of Unix credentials, but calls a connection that it was
// handed "fd:N". So the listener writes here who came in by descriptor N.
// Numbers are used again: the newest entry counts, and an RPC looks it up once,
// at its start. Good for the log; a client that hangs up in that moment may be
// taken for the next one. Thread-safe.
class Peers {
 public:
  // Says who must not be cut off by what a peer changes.
  using LifelinesOf = std::function<std::vector<core::Lifeline>(const Peer&)>;

  // Without `lifelines_of`, anybody may be.
  explicit Peers(LifelinesOf lifelines_of = {})
      : lifelines_of_(std::move(lifelines_of)) {}

  // Asks the kernel who is behind an accepted socket and remembers it.
  void Record(int fd) ABSL_LOCKS_EXCLUDED(mutex_);

  // A peer with the given text alone when it names no recorded connection.
  // `grpc_peer` is ServerContext::peer().
  Peer Find(std::string_view grpc_peer) const ABSL_LOCKS_EXCLUDED(mutex_);
  std::string Describe(std::string_view grpc_peer) const {
    return Find(grpc_peer).text;
  }

  // Who must not be cut off by what a peer does.
  std::vector<core::Lifeline> LifelinesOfPeer(std::string_view grpc_peer) const;
  // Writes into a change who asked for it, and, unless it is forced, who must
  // not be cut off by it.
  void SignChange(std::string_view grpc_peer, core::Change& change) const;

 private:
  const LifelinesOf lifelines_of_;
  mutable util::Mutex mutex_;
  absl::flat_hash_map<int, Peer> by_fd_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_PEERS_H_
