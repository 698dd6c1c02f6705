// Packets as expressions:
//   Ethernet{} / Vlan{.id = 5} / IPv4{.src = "192.0.2.1"} / Tcp{.dport = 80}
// Each layer learns from the next one what type to announce, and from the
// bytes behind it what length, unless it is told to lie.
#ifndef FWAGENT_TESTS_SUPPORT_PACKET_H_
#define FWAGENT_TESTS_SUPPORT_PACKET_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fwagent::testing {

using Bytes = std::vector<std::uint8_t>;

// How a layer is announced by the one before it, and how it is laid out before
// the bytes that follow. `next` is null for the last layer.
struct Layer {
  std::uint16_t ethertype = 0;
  std::uint8_t ip_protocol = 0;
  std::function<Bytes(const Layer* next, const Bytes& payload)> lay_out;
};

struct Ethernet {
  std::optional<std::uint16_t> ethertype;
  Layer ToLayer() const;
};

struct Vlan {
  std::uint16_t id = 0;
  std::uint16_t tpid = 0x8100;
  std::optional<std::uint16_t> ethertype;
  Layer ToLayer() const;
};

struct IPv4 {
  std::string src = "192.0.2.1";
  std::string dst = "198.51.100.1";
  std::optional<std::uint8_t> protocol;
  std::size_t option_words = 0;
  Bytes options = {};  // at the start of the option words
  std::uint16_t identification = 0;
  std::uint16_t fragment_offset = 0;  // in units of 8 bytes
  bool more_fragments = false;
  // Lies.
  std::uint8_t version = 4;
  std::optional<std::uint8_t> header_words;
  std::optional<std::uint16_t> total_bytes;
  Layer ToLayer() const;
};

struct IPv6 {
  std::string src = "2001:db8::1";
  std::string dst = "2001:db8:1::1";
  std::optional<std::uint8_t> next_header;
  std::uint8_t hop_limit = 64;
  // Lies.
  std::uint8_t version = 6;
  std::optional<std::uint16_t> payload_bytes;
  Layer ToLayer() const;
};

// An IPv6 extension header with its length in units of `unit_bytes`.
struct Extension {
  std::uint8_t type = 60;  // destination options
  std::uint8_t length = 0;
  std::optional<std::uint8_t> next_header;
  Bytes content = {};  // behind the first two bytes, as far as there is room
  Layer ToLayer() const;
};

struct Fragment {
  std::uint16_t offset = 0;  // in units of 8 bytes
  bool more = false;
  std::uint8_t reserved = 0;
  std::uint32_t identification = 0;
  std::optional<std::uint8_t> next_header;
  Layer ToLayer() const;
};

struct Tcp {
  std::uint16_t sport = 49152;
  std::uint16_t dport = 80;
  Layer ToLayer() const;
};

struct Udp {
  std::uint16_t sport = 49152;
  std::uint16_t dport = 80;
  Layer ToLayer() const;
};

struct Sctp {
  std::uint16_t sport = 49152;
  std::uint16_t dport = 80;
  Layer ToLayer() const;
};

// Anything else: bytes, and what they are announced as.
struct Raw {
  Bytes bytes = {};
  std::uint8_t ip_protocol = 59;  // no next header
  std::uint16_t ethertype = 0;
  Layer ToLayer() const;
};

// Layers from the outermost to the innermost.
class Packet {
 public:
  void Append(Layer layer) { layers_.push_back(std::move(layer)); }
  void Append(const Packet& packet);

  // What goes over the wire; no padding, and of the checksums only IPv4's.
  Bytes ToBytes() const;

 private:
  std::vector<Layer> layers_;
};

template <typename T>
concept IsLayer = requires(const T& layer) {
  { layer.ToLayer() } -> std::same_as<Layer>;
};

template <IsLayer First, IsLayer Second>
Packet operator/(const First& first, const Second& second) {
  Packet packet;
  packet.Append(first.ToLayer());
  packet.Append(second.ToLayer());
  return packet;
}

template <IsLayer Inner>
Packet operator/(Packet packet, const Inner& inner) {
  packet.Append(inner.ToLayer());
  return packet;
}

// The same layer many times over.
Packet operator/(Packet packet, const Packet& inner);
template <IsLayer T>
Packet Times(int count, const T& layer) {
  Packet packet;
  for (int i = 0; i < count; ++i) packet.Append(layer.ToLayer());
  return packet;
}

// The first `size` bytes.
Bytes Cut(Bytes bytes, std::size_t size);

// With Ethernet padding up to `size` bytes.
Bytes Pad(Bytes bytes, std::size_t size, std::uint8_t filler = 0);

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_PACKET_H_
