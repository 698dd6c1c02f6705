#include "client/address.h"

#include <sys/un.h>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace fwagent::client {
namespace {

absl::Status Malformed(const std::string& text, const std::string& why) {
  return absl::InvalidArgumentError(
      absl::StrCat("address \"", text, "\": ", why));
}

absl::StatusOr<Address> UnixAddress(const std::string& text,
                                    const std::string& path) {
  if (path.empty() || path.back() == '/') {
    return Malformed(text, "expected the path of a socket, as in unix:/path");
  }
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return Malformed(text,
                     absl::StrCat("a socket's path has at most ",
                                  sizeof(sockaddr_un::sun_path) - 1, " bytes"));
  }
  return Address{Address::Kind::kUnix, path};
}

absl::StatusOr<Address> TcpAddress(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) {
    return Malformed(text, "expected unix:/path, host:port or [v6]:port");
  }
  const std::string host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && absl::StartsWith(host, "[") &&
                         absl::EndsWith(host, "]");
  if (!bracketed && absl::StrContains(host, ":")) {
    return Malformed(text,
                     "write an IPv6 address in brackets, as in "
                     "[2001:db8::1]:50051");
  }
  if (host.empty() || absl::StrContains(host, "/")) {
    return Malformed(text, "expected unix:/path, host:port or [v6]:port");
  }
  int port = 0;
  if (!absl::SimpleAtoi(text.substr(colon + 1), &port) || port < 1 ||
      port > 65535) {
    return Malformed(text, "the port must be a number from 1 to 65535");
  }
  return Address{Address::Kind::kTcp, text};
}

}  // namespace

std::string Address::ToString() const {
  return kind == Kind::kUnix ? absl::StrCat("unix:", target) : target;
}

absl::StatusOr<Address> ParseAddress(std::string_view text) {
  const std::string copy(text);
  absl::string_view rest = copy;
  if (absl::ConsumePrefix(&rest, "unix:")) {
    // unix://host/path would be somebody else's machine; there is no such.
    if (absl::StartsWith(rest, "//") && !absl::StartsWith(rest, "///")) {
      return Malformed(copy, "did you mean unix:/path or unix:///path?");
    }
    absl::ConsumePrefix(&rest, "//");
    return UnixAddress(copy, std::string(rest));
  }
  if (absl::StartsWith(copy, "/")) return UnixAddress(copy, copy);
  if (absl::StrContains(copy, "://")) {
    return Malformed(copy, "expected unix:/path, host:port or [v6]:port");
  }
  return TcpAddress(copy);
}

}  // namespace fwagent::client
