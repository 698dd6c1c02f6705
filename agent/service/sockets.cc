#include "agent/service/sockets.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "agent/service/socket_address.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::service {
namespace {

constexpr int kBacklog = 128;
constexpr mode_t kSocketMode = 0660;

absl::Status InUse(const std::string& path) {
  return absl::FailedPreconditionError(absl::StrCat(
      "socket ", path,
      ": in use by a running fwagent; stop that one or give --socket"));
}

absl::StatusOr<sockaddr_un> UnixAddress(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(
        absl::StrCat("socket ", path, ": a path of 1 to ",
                     sizeof(address.sun_path) - 1, " bytes is needed"));
  }
  path.copy(address.sun_path, path.size());
  return address;
}

absl::StatusOr<util::ScopedFd> Lock(const std::string& path) {
  const std::string lock_path = path + ".lock";
  util::ScopedFd lock(
      open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.valid()) return util::ErrnoToStatus(errno, lock_path);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno == EWOULDBLOCK) return InUse(path);
  return util::ErrnoToStatus(errno, lock_path);
}

// OK when the name is free, or holds a socket that nobody listens on.
absl::Status CheckName(const std::string& path, const sockaddr_un& address) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) return absl::OkStatus();
  if (!S_ISSOCK(info.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "socket ", path,
        ": something that is not a socket has this name; remove it or give "
        "--socket"));
  }
  const util::ScopedFd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const bool answered =
      connect(probe.get(), reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) == 0;
  return answered ? InUse(path) : absl::OkStatus();
}

absl::Status SetOwner(const std::string& path, const std::string& group) {
  if (!group.empty()) {
    const struct group* entry = getgrnam(group.c_str());
    if (entry == nullptr) {
      return absl::NotFoundError(
          absl::StrCat("socket_group: there is no group \"", group,
                       "\"; make it with `groupadd --system ", group, "`"));
    }
    if (chown(path.c_str(), static_cast<uid_t>(-1), entry->gr_gid) != 0) {
      return util::ErrnoToStatus(
          errno, absl::StrCat("socket_group: giving ", path, " to ", group));
    }
  }
  if (chmod(path.c_str(), kSocketMode) != 0) {
    return util::ErrnoToStatus(errno, path);
  }
  return absl::OkStatus();
}

absl::Status MakeParent(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (!error) return absl::OkStatus();
  return util::ErrnoToStatus(error.value(),
                             absl::StrCat("socket: making ", parent.string()));
}

absl::StatusOr<sockaddr_storage> TcpAddress(const std::string& text,
                                            bool insecure_remote) {
  FW_ASSIGN_OR_RETURN(const sockaddr_storage address, ParseSocketAddress(text));
  if (IsLoopback(address) || insecure_remote) return address;
  return absl::FailedPreconditionError(absl::StrCat(
      "listen: ", text,
      " can be reached from other hosts, and this port has neither encryption "
      "nor login: listen on 127.0.0.1, or force it with --insecure-remote"));
}

// The name under which a socket gets its owner and mode, unseen.
std::string HiddenName(const std::string& path) { return path + ".new"; }

}  // namespace

absl::StatusOr<std::unique_ptr<UnixSocket>> UnixSocket::Listen(
    const Options& options) {
  const std::string temporary = HiddenName(options.path);
  FW_ASSIGN_OR_RETURN(const sockaddr_un address, UnixAddress(options.path));
  FW_ASSIGN_OR_RETURN(const sockaddr_un hidden, UnixAddress(temporary));
  FW_RETURN_IF_ERROR(MakeParent(options.path));
  FW_ASSIGN_OR_RETURN(util::ScopedFd lock, Lock(options.path));
  FW_RETURN_IF_ERROR(CheckName(options.path, address));

  util::ScopedFd fd(
      socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  unlink(temporary.c_str());
  // Nobody may connect before the owner is right.
  const mode_t old_mask = umask(0777);
  const int bound = bind(fd.get(), reinterpret_cast<const sockaddr*>(&hidden),
                         sizeof(hidden));
  const int bind_error = errno;
  umask(old_mask);
  if (bound != 0) return util::ErrnoToStatus(bind_error, temporary);

  absl::Status ready = SetOwner(temporary, options.group);
  if (ready.ok() && listen(fd.get(), kBacklog) != 0) {
    ready = util::ErrnoToStatus(errno, options.path);
  }
  if (ready.ok() && rename(temporary.c_str(), options.path.c_str()) != 0) {
    ready = util::ErrnoToStatus(errno, options.path);
  }
  if (!ready.ok()) {
    unlink(temporary.c_str());
    return ready;
  }
  return std::unique_ptr<UnixSocket>(
      new UnixSocket(options.path, std::move(lock), std::move(fd)));
}

// The lock file stays: removing it would let two agents hold two locks.
UnixSocket::~UnixSocket() { unlink(path_.c_str()); }

absl::StatusOr<TcpSocket> ListenTcp(const std::string& text,
                                    bool insecure_remote) {
  FW_ASSIGN_OR_RETURN(sockaddr_storage address,
                      TcpAddress(text, insecure_remote));
  util::ScopedFd fd(
      socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  socklen_t size = SocketAddressSize(address);
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  if (bind(fd.get(), raw, size) != 0 || listen(fd.get(), kBacklog) != 0) {
    const int error = errno;
    const char* advice =
        error == EADDRINUSE ? " (another program listens there)" : "";
    return util::ErrnoToStatus(error, absl::StrCat("listen: ", text, advice));
  }
  getsockname(fd.get(), raw, &size);
  return TcpSocket{std::move(fd), SocketAddressToString(address)};
}

absl::Status CheckSocketOptions(const SocketOptions& options) {
  FW_RETURN_IF_ERROR(UnixAddress(options.unix_socket.path).status());
  FW_RETURN_IF_ERROR(
      UnixAddress(HiddenName(options.unix_socket.path)).status());
  if (options.listen.empty()) return absl::OkStatus();
  return TcpAddress(options.listen, options.insecure_remote).status();
}

absl::StatusOr<std::unique_ptr<Sockets>> Sockets::Open(
    const SocketOptions& options) {
  auto sockets = std::make_unique<Sockets>();
  FW_ASSIGN_OR_RETURN(sockets->unix_socket,
                      UnixSocket::Listen(options.unix_socket));
  if (!options.listen.empty()) {
    FW_ASSIGN_OR_RETURN(sockets->tcp,
                        ListenTcp(options.listen, options.insecure_remote));
  }
  return sockets;
}

std::optional<std::uint16_t> TcpSocket::port() const {
  std::uint32_t port = 0;
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos ||
      !absl::SimpleAtoi(address.substr(colon + 1), &port)) {
    return std::nullopt;
  }
  return static_cast<std::uint16_t>(port);
}

}  // namespace fwagent::service
