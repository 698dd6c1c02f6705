#include "agent/service/host_tcp.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "agent/service/host_files.h"

namespace fwagent::service {
namespace {

constexpr char kEstablished[] = "01";

// An address is written as numbers of 32 bits in the machine's byte order.
std::optional<std::string> AddressBytes(std::string_view hex) {
  constexpr std::size_t kDigits = 8;
  std::string bytes;
  for (std::size_t i = 0; i + kDigits <= hex.size(); i += kDigits) {
    std::uint32_t word = 0;
    if (!absl::SimpleHexAtoi(std::string(hex.substr(i, kDigits)), &word)) {
      return std::nullopt;
    }
    std::array<char, sizeof(word)> raw{};
    std::memcpy(raw.data(), &word, sizeof(word));
    bytes.append(raw.data(), raw.size());
  }
  return bytes;
}

// "0100007F:0016".
std::optional<policy::Prefix> ReadAddress(const std::string& place,
                                          bool is_ipv6) {
  auto bytes = AddressBytes(place.substr(0, place.find(':')));
  if (!bytes.has_value() || bytes->size() != (is_ipv6 ? 16 : 4)) {
    return std::nullopt;
  }
  return HostOf(*bytes);
}

std::optional<std::uint16_t> ReadPort(const std::string& place) {
  std::uint32_t port = 0;
  const std::size_t colon = place.find(':');
  if (colon == std::string::npos ||
      !absl::SimpleHexAtoi(place.substr(colon + 1), &port) || port > 65535) {
    return std::nullopt;
  }
  return static_cast<std::uint16_t>(port);
}

}  // namespace

std::vector<TcpPeer> PeersIn(std::string_view text, bool is_ipv6,
                             const std::vector<std::uint16_t>& local_ports) {
  std::vector<TcpPeer> peers;
  for (const auto line :
       absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
    // Number, local address, remote address, state, and more.
    const std::vector<std::string> words =
        absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() < 4 || words[3] != kEstablished) continue;
    const auto port = ReadPort(words[1]);
    if (!port.has_value() || std::find(local_ports.begin(), local_ports.end(),
                                       *port) == local_ports.end()) {
      continue;
    }
    const auto address = ReadAddress(words[2], is_ipv6);
    const auto local = ReadAddress(words[1], is_ipv6);
    const auto their_port = ReadPort(words[2]);
    if (address && local && their_port) {
      peers.push_back({*address, *local, *their_port, *port});
    }
  }
  return peers;
}

std::vector<TcpPeer> ConnectedPeers(
    const std::vector<std::uint16_t>& local_ports) {
  if (local_ports.empty()) return {};
  // Of this thread: the process may have several network namespaces.
  const std::string folder = "/proc/thread-self/net/";
  std::vector<TcpPeer> peers =
      PeersIn(ReadHostFile(folder + "tcp"), false, local_ports);
  const std::vector<TcpPeer> more =
      PeersIn(ReadHostFile(folder + "tcp6"), true, local_ports);
  peers.insert(peers.end(), more.begin(), more.end());
  std::sort(peers.begin(), peers.end());
  peers.erase(std::unique(peers.begin(), peers.end()), peers.end());
  return peers;
}

}  // namespace fwagent::service
