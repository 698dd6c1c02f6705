// Numeric TCP addresses as text and as the kernel has them.
#ifndef FWAGENT_AGENT_SERVICE_SOCKET_ADDRESS_H_
#define FWAGENT_AGENT_SERVICE_SOCKET_ADDRESS_H_

#include <sys/socket.h>

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fwagent::service {

// Reads "127.0.0.1:7443", "[::1]:7443", "localhost:7443". Host names other
// than localhost are refused: what an agent binds must not hang on a resolver.
// Port 0 lets the kernel choose.
absl::StatusOr<sockaddr_storage> ParseSocketAddress(std::string_view text);

// "192.0.2.7:5123", "[2001:db8::7]:5123".
std::string SocketAddressToString(const sockaddr_storage& address);

// Whether nobody off the host can reach it: 127.0.0.0/8 or ::1.
bool IsLoopback(const sockaddr_storage& address);

// For bind(2).
socklen_t SocketAddressSize(const sockaddr_storage& address);

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_SOCKET_ADDRESS_H_
