#include "agent/service/peers.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "agent/service/host_files.h"
#include "agent/service/socket_address.h"

namespace fwagent::service {
namespace {

std::optional<policy::Prefix> AddressOf(const sockaddr_storage& address) {
  const char* bytes = nullptr;
  std::size_t size = 0;
  if (address.ss_family == AF_INET) {
    const auto& ipv4 = reinterpret_cast<const sockaddr_in&>(address);
    bytes = reinterpret_cast<const char*>(&ipv4.sin_addr);
    size = sizeof(ipv4.sin_addr);
  } else if (address.ss_family == AF_INET6) {
    const auto& ipv6 = reinterpret_cast<const sockaddr_in6&>(address);
    bytes = reinterpret_cast<const char*>(&ipv6.sin6_addr);
    size = sizeof(ipv6.sin6_addr);
  } else {
    return std::nullopt;
  }
  return HostOf(std::string_view(bytes, size));
}

// At the same place for both families.
std::uint16_t PortOf(const sockaddr_storage& address) {
  return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

std::optional<TcpPeer> TcpPeerOf(int fd, const sockaddr_storage& remote) {
  sockaddr_storage local{};
  socklen_t size = sizeof(local);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size) != 0) {
    return std::nullopt;
  }
  const auto address = AddressOf(remote);
  const auto local_address = AddressOf(local);
  if (!address.has_value() || !local_address.has_value()) return std::nullopt;
  return TcpPeer{*address, *local_address, PortOf(remote), PortOf(local)};
}

Peer AskKernel(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return {.text = "a peer that is gone"};
  }
  if (address.ss_family != AF_UNIX) {
    return {.text = SocketAddressToString(address),
            .tcp = TcpPeerOf(fd, address)};
  }
  ucred credentials{};
  size = sizeof(credentials);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return {.text = "a local peer", .is_somebodys = true};
  }
  // From a container, processes of the host have no pid.
  const std::string uid = absl::StrCat("uid ", credentials.uid);
  return {.text = credentials.pid == 0
                      ? uid
                      : absl::StrCat(uid, " pid ", credentials.pid),
          .is_somebodys = IsInLoginSession(credentials.pid)};
}

}  // namespace

void Peers::Record(int fd) {
  Peer who = AskKernel(fd);
  const util::MutexLock lock(&mutex_);
  by_fd_[fd] = std::move(who);
}

Peer Peers::Find(std::string_view grpc_peer) const {
  absl::string_view number(grpc_peer.data(), grpc_peer.size());
  int fd = -1;
  if (absl::ConsumePrefix(&number, "fd:") && absl::SimpleAtoi(number, &fd)) {
    const util::MutexLock lock(&mutex_);
    const auto found = by_fd_.find(fd);
    if (found != by_fd_.end()) return found->second;
  }
  return {.text = std::string(grpc_peer)};
}

std::vector<core::Lifeline> Peers::LifelinesOfPeer(
    std::string_view grpc_peer) const {
  if (!lifelines_of_) return {};
  return lifelines_of_(Find(grpc_peer));
}

void Peers::SignChange(std::string_view grpc_peer, core::Change& change) const {
  const Peer peer = Find(grpc_peer);
  change.origin = peer.text;
  if (lifelines_of_ && !change.force) change.lifelines = lifelines_of_(peer);
}

}  // namespace fwagent::service
