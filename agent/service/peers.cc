#include "agent/service/peers.h"

#include <sys/socket.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "agent/service/socket_address.h"

namespace fwagent::service {
namespace {

std::string AskKernel(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return "a peer that is gone";
  }
  if (address.ss_family != AF_UNIX) return SocketAddressToString(address);
  ucred credentials{};
  size = sizeof(credentials);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return "a local peer";
  }
  // From a container, processes of the host have no pid.
  return credentials.pid == 0
             ? absl::StrCat("uid ", credentials.uid)
             : absl::StrCat("uid ", credentials.uid, " pid ", credentials.pid);
}

}  // namespace

void Peers::Record(int fd) {
  std::string who = AskKernel(fd);
  const util::MutexLock lock(&mutex_);
  by_fd_[fd] = std::move(who);
}

std::string Peers::Describe(std::string_view grpc_peer) const {
  absl::string_view number(grpc_peer.data(), grpc_peer.size());
  int fd = -1;
  if (absl::ConsumePrefix(&number, "fd:") && absl::SimpleAtoi(number, &fd)) {
    const util::MutexLock lock(&mutex_);
    const auto found = by_fd_.find(fd);
    if (found != by_fd_.end()) return found->second;
  }
  return std::string(grpc_peer);
}

}  // namespace fwagent::service
