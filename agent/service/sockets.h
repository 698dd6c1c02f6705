// Sockets that the agent listens on.
#ifndef FWAGENT_AGENT_SERVICE_SOCKETS_H_
#define FWAGENT_AGENT_SERVICE_SOCKETS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "agent/util/scoped_fd.h"

namespace fwagent::service {

// The path of a Unix socket, which no second agent can take over: a lock is
// held on "<path>.lock" for life, and the name appears only when the socket
// has its final owner and mode. Destruction removes the socket.
class UnixSocket {
 public:
  struct Options {
    std::string path;
    std::string group;  // empty: that of the process
  };

  // Mode 0660. FAILED_PRECONDITION: in use, or something else is there.
  static absl::StatusOr<std::unique_ptr<UnixSocket>> Listen(
      const Options& options);
  ~UnixSocket();

  UnixSocket(const UnixSocket&) = delete;
  UnixSocket& operator=(const UnixSocket&) = delete;

  const std::string& path() const { return path_; }
  // Non-blocking and listening; can be taken once.
  util::ScopedFd TakeFd() { return std::move(socket_); }

 private:
  UnixSocket(std::string path, util::ScopedFd lock, util::ScopedFd socket)
      : path_(std::move(path)),
        lock_(std::move(lock)),
        socket_(std::move(socket)) {}

  const std::string path_;
  const util::ScopedFd lock_;
  util::ScopedFd socket_;
};

struct TcpSocket {
  util::ScopedFd fd;    // non-blocking and listening; invalid: there is none
  std::string address;  // as bound, with the port that the kernel chose

  std::optional<std::uint16_t> port() const;
};

// `address` as ParseSocketAddress reads it. An address that is not loopback is
// refused unless `insecure_remote`: there is no encryption and no login.
absl::StatusOr<TcpSocket> ListenTcp(const std::string& address,
                                    bool insecure_remote);

struct SocketOptions {
  UnixSocket::Options unix_socket;
  std::string listen;  // TCP; empty: none
  bool insecure_remote = false;
};

// What can be said of the options without opening anything: INVALID_ARGUMENT
// or FAILED_PRECONDITION, as Open would.
absl::Status CheckSocketOptions(const SocketOptions& options);

// All that an agent listens on. Opened before anything else is touched, so
// that a second agent fails early; connections wait until a server takes them.
struct Sockets {
  static absl::StatusOr<std::unique_ptr<Sockets>> Open(
      const SocketOptions& options);

  std::unique_ptr<UnixSocket> unix_socket;
  TcpSocket tcp;
};

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_SOCKETS_H_
