#include "agent/text/port_spec.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace fwagent::text {
namespace {

using fwagent::v1::Protocol;

std::optional<Protocol> ProtocolNamed(std::string_view name) {
  const std::string lower = absl::AsciiStrToLower(std::string(name));
  if (lower == "tcp") return fwagent::v1::PROTOCOL_TCP;
  if (lower == "udp") return fwagent::v1::PROTOCOL_UDP;
  if (lower == "sctp") return fwagent::v1::PROTOCOL_SCTP;
  if (lower == "udplite") return fwagent::v1::PROTOCOL_UDPLITE;
  if (lower == "dccp") return fwagent::v1::PROTOCOL_DCCP;
  return std::nullopt;
}

std::optional<std::uint32_t> Number(std::string_view text) {
  const bool digits =
      !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return absl::ascii_isdigit(static_cast<unsigned char>(c));
      });
  std::uint32_t value = 0;
  if (!digits || !absl::SimpleAtoi(std::string(text), &value)) {
    return std::nullopt;
  }
  return value;
}

// "443" or "8000-8100".
std::optional<fwagent::v1::PortRange> ParseRange(std::string_view text) {
  fwagent::v1::PortRange range;
  const std::size_t dash = text.find('-');
  const std::optional<std::uint32_t> first = Number(text.substr(0, dash));
  if (!first.has_value()) return std::nullopt;
  range.set_first(*first);
  if (dash == std::string_view::npos) return range;
  const std::optional<std::uint32_t> last = Number(text.substr(dash + 1));
  if (!last.has_value()) return std::nullopt;
  range.set_last(*last);
  return range;
}

absl::Status Malformed(std::string_view text, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", std::string(text), "\" is not PORT[-PORT]/PROTOCOL: ", why));
}

}  // namespace

absl::StatusOr<PortSpec> ParsePortSpec(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    if (!ParseRange(text).has_value()) {
      return Malformed(text, "write it as in 443/tcp or 8000-8100/udp");
    }
    return Malformed(text, absl::StrCat("add the protocol, as in ",
                                        std::string(text), "/tcp"));
  }
  const std::string range(text.substr(0, slash));
  const std::string protocol(text.substr(slash + 1));
  if (ProtocolNamed(range).has_value() && ParseRange(protocol).has_value()) {
    return Malformed(text,
                     absl::StrCat("did you mean ", protocol, "/", range, "?"));
  }
  const std::optional<fwagent::v1::PortRange> ports = ParseRange(range);
  if (!ports.has_value()) {
    return Malformed(text, absl::StrCat("\"", range,
                                        "\" is neither a port number nor a "
                                        "range such as 8000-8100"));
  }
  const std::optional<Protocol> known = ProtocolNamed(protocol);
  if (!known.has_value()) {
    return Malformed(text, absl::StrCat("\"", protocol,
                                        "\" is not a protocol with ports; "
                                        "known are tcp, udp, sctp, udplite and "
                                        "dccp"));
  }
  return PortSpec{*known, *ports};
}

std::string PortSpecText(const v1::PortBlock& block) {
  const v1::PortRange& ports = block.ports();
  std::string text = absl::StrCat(ports.first());
  if (ports.has_last() && ports.last() != ports.first()) {
    absl::StrAppend(&text, "-", ports.last());
  }
  const std::string& name = v1::Protocol_Name(block.protocol());
  if (name.empty()) return absl::StrCat(text, "/", block.protocol());
  return absl::StrCat(
      text, "/", absl::AsciiStrToLower(absl::StripPrefix(name, "PROTOCOL_")));
}

}  // namespace fwagent::text
