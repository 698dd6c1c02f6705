#include "agent/service/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace fwagent::service {
namespace {

sockaddr_in& AsIPv4(sockaddr_storage& address) {
  return reinterpret_cast<sockaddr_in&>(address);
}
sockaddr_in6& AsIPv6(sockaddr_storage& address) {
  return reinterpret_cast<sockaddr_in6&>(address);
}

absl::Status Refuse(std::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", std::string(text),
      "\" is not an address to listen on: write 127.0.0.1:PORT, [::1]:PORT or "
      "localhost:PORT"));
}

}  // namespace

absl::StatusOr<sockaddr_storage> ParseSocketAddress(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return Refuse(text);
  std::string host(text.substr(0, colon));
  std::uint32_t port = 0;
  if (!absl::SimpleAtoi(std::string(text.substr(colon + 1)), &port) ||
      port > 65535) {
    return Refuse(text);
  }
  if (host == "localhost") host = "127.0.0.1";
  const bool bracketed =
      host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);

  sockaddr_storage address{};
  const auto port_net = htons(static_cast<std::uint16_t>(port));
  if (!bracketed &&
      inet_pton(AF_INET, host.c_str(), &AsIPv4(address).sin_addr) == 1) {
    AsIPv4(address).sin_family = AF_INET;
    AsIPv4(address).sin_port = port_net;
    return address;
  }
  if (bracketed &&
      inet_pton(AF_INET6, host.c_str(), &AsIPv6(address).sin6_addr) == 1) {
    AsIPv6(address).sin6_family = AF_INET6;
    AsIPv6(address).sin6_port = port_net;
    return address;
  }
  return Refuse(text);
}

std::string SocketAddressToString(const sockaddr_storage& address) {
  auto copy = address;
  char text[INET6_ADDRSTRLEN] = "?";
  if (copy.ss_family == AF_INET) {
    inet_ntop(AF_INET, &AsIPv4(copy).sin_addr, text, sizeof(text));
    return absl::StrCat(text, ":", ntohs(AsIPv4(copy).sin_port));
  }
  inet_ntop(AF_INET6, &AsIPv6(copy).sin6_addr, text, sizeof(text));
  return absl::StrCat("[", text, "]:", ntohs(AsIPv6(copy).sin6_port));
}

bool IsLoopback(const sockaddr_storage& address) {
  auto copy = address;
  if (copy.ss_family == AF_INET) {
    return ntohl(AsIPv4(copy).sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
  }
  return IN6_IS_ADDR_LOOPBACK(&AsIPv6(copy).sin6_addr);
}

socklen_t SocketAddressSize(const sockaddr_storage& address) {
  return address.ss_family == AF_INET ? sizeof(sockaddr_in)
                                      : sizeof(sockaddr_in6);
}

}  // namespace fwagent::service
