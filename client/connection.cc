#include "client/connection.h"

#include <fcntl.h>
#include <grp.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/create_channel_posix.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace fwagent::client {
namespace {

using ChannelOr = absl::StatusOr<std::shared_ptr<grpc::Channel>>;

// Who may use a socket that we may not.
std::string PermissionAdvice(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0 || info.st_gid == 0 ||
      (info.st_mode & S_IWGRP) == 0) {
    return "run as root";
  }
  const group* entry = getgrgid(info.st_gid);
  return absl::StrCat(
      "run as root or as a member of the group ",
      entry != nullptr ? entry->gr_name : absl::StrCat(info.st_gid));
}

absl::Status Unreachable(const std::string& path, int error) {
  std::string advice;
  switch (error) {
    case ENOENT:
      advice = "is fwagent running, and with this socket?";
      break;
    case ECONNREFUSED:
      advice = "nobody listens there; is fwagent running?";
      break;
    case EACCES:
    case EPERM:
      advice = PermissionAdvice(path);
      break;
    case EAGAIN:
      return absl::UnavailableError(
          "its queue of connections stayed full; is fwagent stuck?");
    default:
      advice = "expected the socket of fwagent there";
  }
  return absl::UnavailableError(
      absl::StrCat(std::strerror(error), "; ", advice));
}

// Limits connect(), which on a Unix socket waits while the queue is full.
void SetConnectTimeout(int fd, absl::Duration timeout) {
  const timeval limit = absl::ToTimeval(timeout);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

// Connecting here rather than in gRPC keeps errno, which says what to do, and
// leaves resolver and load balancer out of a process that lives for
// milliseconds.
ChannelOr ConnectUnix(const std::string& path, absl::Duration timeout) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return absl::UnavailableError(std::strerror(errno));
  absl::Cleanup close_fd = [fd] { close(fd); };
  SetConnectTimeout(fd, timeout);
  sockaddr_un peer{};
  peer.sun_family = AF_UNIX;
  path.copy(peer.sun_path, sizeof(peer.sun_path) - 1);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&peer), sizeof(peer)) !=
          0 ||
      fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
    return Unreachable(path, errno);
  }
  std::move(close_fd).Cancel();
  return grpc::CreateInsecureChannelFromFd("localhost", fd);
}

ChannelOr ConnectTcp(const std::string& target) {
  grpc::ChannelArguments arguments;
  // An agent is addressed directly, whatever http_proxy says; and a lookup of
  // service configurations would only delay the call.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  return grpc::CreateCustomChannel(absl::StrCat("dns:///", target),
                                   grpc::InsecureChannelCredentials(),
                                   arguments);
}

}  // namespace

ChannelOr Connect(const Address& address, absl::Duration timeout) {
  if (address.kind == Address::Kind::kTcp) return ConnectTcp(address.target);
  return ConnectUnix(address.target, timeout);
}

}  // namespace fwagent::client
