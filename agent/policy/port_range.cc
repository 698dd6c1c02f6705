#include "agent/policy/port_range.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace fwagent::policy {
namespace {

constexpr std::uint32_t kMaxPort = 65535;

absl::Status CheckPort(std::uint32_t port) {
  if (port >= 1 && port <= kMaxPort) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a port is a number from 1 to 65535, not ", port));
}

}  // namespace

std::string_view ProtocolName(Protocol protocol) {
  switch (protocol) {
    case Protocol::kTcp:
      return "tcp";
    case Protocol::kUdp:
      return "udp";
    case Protocol::kSctp:
      return "sctp";
    case Protocol::kUdpLite:
      return "udplite";
    case Protocol::kDccp:
      return "dccp";
  }
  return "unknown";
}

absl::StatusOr<PortRange> PortRange::Create(Protocol protocol,
                                            std::uint32_t first,
                                            std::uint32_t last) {
  for (const std::uint32_t port : {first, last}) {
    const absl::Status status = CheckPort(port);
    if (!status.ok()) return status;
  }
  if (first > last) {
    return absl::InvalidArgumentError(
        absl::StrCat("the range runs backwards, from ", first, " to ", last,
                     ": did you mean ", last, "-", first, "?"));
  }
  return PortRange(protocol, static_cast<std::uint16_t>(first),
                   static_cast<std::uint16_t>(last));
}

std::string PortRange::ToString() const {
  const std::string name(ProtocolName(protocol_));
  if (first_ == last_) return absl::StrCat(first_, "/", name);
  return absl::StrCat(first_, "-", last_, "/", name);
}

}  // namespace fwagent::policy
