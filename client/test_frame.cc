#include "client/test_frame.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace fwagent::client {
namespace {

constexpr std::size_t kEthernetBytes = 14;
constexpr std::uint8_t kHops = 64;

struct Protocol {
  std::string_view name;
  std::uint8_t number = 0;
  std::size_t header_bytes = 0;
  bool has_ports = false;
};

constexpr std::uint8_t kSctp = 132;
constexpr std::uint8_t kUdpLite = 136;
constexpr std::uint8_t kDccp = 33;
constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kIcmpv6 = 58;
constexpr std::uint8_t kForExperiments = 253;  // RFC 3692

constexpr std::array<Protocol, 7> kProtocols = {{
    {"tcp", IPPROTO_TCP, 20, true},
    {"udp", IPPROTO_UDP, 8, true},
    {"sctp", kSctp, 12, true},
    {"udplite", kUdpLite, 8, true},
    {"dccp", kDccp, 16, true},
    {"icmp", kIcmp, 8, false},
    {"icmpv6", kIcmpv6, 8, false},
}};

absl::StatusOr<Protocol> ReadProtocol(const std::string& text) {
  if (text.empty()) return Protocol{"", kForExperiments, 0, false};
  const std::string wanted = absl::AsciiStrToLower(text);
  std::uint32_t number = 256;
  const bool is_number = absl::SimpleAtoi(wanted, &number) && number < 256;
  for (const Protocol& protocol : kProtocols) {
    if (protocol.name == wanted || protocol.number == number) return protocol;
  }
  if (is_number) {
    return Protocol{"", static_cast<std::uint8_t>(number), 0, false};
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "--proto: \"", text,
      "\" is none of tcp, udp, sctp, udplite, dccp, icmp, icmpv6, nor a number "
      "up to 255"));
}

// 4 or 16 bytes in network byte order.
absl::StatusOr<std::string> ReadAddress(const char* option,
                                        const std::string& text) {
  std::array<char, 16> bytes{};
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) {
    return std::string(bytes.data(), 4);
  }
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) {
    return std::string(bytes.data(), 16);
  }
  return absl::InvalidArgumentError(
      absl::StrCat(option, ": \"", text,
                   "\" is not an address, as in 192.0.2.1 or 2001:db8::1"));
}

void Append16(std::size_t value, std::string& out) {
  out.push_back(static_cast<char>(value >> 8 & 0xff));
  out.push_back(static_cast<char>(value & 0xff));
}

std::string EthernetHeader(bool is_ipv4) {
  std::string header(kEthernetBytes - 2, '\0');
  header[0] = header[6] = 2;  // locally administered
  header[11] = 1;
  Append16(is_ipv4 ? 0x0800 : 0x86dd, header);
  return header;
}

std::string Transport(const Protocol& protocol, const PacketWords& words) {
  std::string header;
  if (protocol.has_ports) {
    constexpr std::uint16_t kSomePort = 49152;  // the first dynamic one
    Append16(words.source_port.value_or(kSomePort), header);
    Append16(*words.destination_port, header);
  } else if (protocol.header_bytes > 0) {
    const bool is_icmp = protocol.number == kIcmp;
    const std::uint8_t echo = is_icmp ? 8 : 128;
    header.push_back(static_cast<char>(words.icmp_type.value_or(echo)));
  }
  header.resize(protocol.header_bytes);
  if (protocol.number == IPPROTO_TCP) {
    header[12] = 5 << 4;  // words
    header[13] = 2;       // SYN
  } else if (protocol.number == IPPROTO_UDP) {
    header[5] = 8;  // length
  }
  return header;
}

std::string Ip(const std::string& source, const std::string& destination,
               std::uint8_t protocol, std::size_t payload_bytes) {
  std::string header;
  if (source.size() == 4) {
    header = std::string("\x45\0", 2);
    Append16(20 + payload_bytes, header);
    header += std::string(4, '\0');  // identification, fragment
    header.push_back(static_cast<char>(kHops));
    header.push_back(static_cast<char>(protocol));
    header += std::string(2, '\0');  // checksum
  } else {
    header = std::string("\x60\0\0\0", 4);
    Append16(payload_bytes, header);
    header.push_back(static_cast<char>(protocol));
    header.push_back(static_cast<char>(kHops));
  }
  return header + source + destination;
}

absl::Status CheckPorts(const Protocol& protocol, const PacketWords& words) {
  if (protocol.has_ports && !words.destination_port.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--dport is required with --proto ", std::string(protocol.name)));
  }
  if (!protocol.has_ports &&
      (words.source_port.has_value() || words.destination_port.has_value())) {
    return absl::InvalidArgumentError(
        "--sport and --dport need a protocol with ports: --proto tcp, udp, "
        "sctp, udplite or dccp");
  }
  const bool is_icmp = protocol.number == kIcmp || protocol.number == kIcmpv6;
  if (words.icmp_type.has_value() && !is_icmp) {
    return absl::InvalidArgumentError(
        "--icmp-type needs --proto icmp or icmpv6");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> BuildFrame(const PacketWords& words) {
  const auto protocol = ReadProtocol(words.protocol);
  if (!protocol.ok()) return protocol.status();
  const absl::Status ports = CheckPorts(*protocol, words);
  if (!ports.ok()) return ports;
  const auto source = ReadAddress("--src", words.source);
  if (!source.ok()) return source.status();
  std::string destination(source->size(), '\0');
  if (!words.destination.empty()) {
    const auto read = ReadAddress("--dst", words.destination);
    if (!read.ok()) return read.status();
    if (read->size() != source->size()) {
      return absl::InvalidArgumentError(
          "--src and --dst are of different families");
    }
    destination = *read;
  }
  const std::string transport = Transport(*protocol, words);
  return EthernetHeader(source->size() == 4) +
         Ip(*source, destination, protocol->number, transport.size()) +
         transport;
}

absl::StatusOr<std::string> WithEthernet(const std::string& packet) {
  const int version =
      packet.empty() ? 0 : static_cast<std::uint8_t>(packet[0]) >> 4;
  if (version != 4 && version != 6) {
    return absl::InvalidArgumentError("it is neither IPv4 nor IPv6");
  }
  return EthernetHeader(version == 4) + packet;
}

}  // namespace fwagent::client
