#include "tests/support/packet.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstdlib>

#include "tests/support/checksum.h"

namespace fwagent::testing {
namespace {

constexpr std::uint8_t kNoOperation = 1;  // an IPv4 option of one byte

void Put16(Bytes& bytes, std::size_t value) {
  bytes.push_back(static_cast<std::uint8_t>(value >> 8));
  bytes.push_back(static_cast<std::uint8_t>(value));
}

void PutAddress(Bytes& bytes, int family, const std::string& text) {
  std::uint8_t address[16] = {};
  if (inet_pton(family, text.c_str(), address) != 1) std::abort();
  bytes.insert(bytes.end(), address, address + (family == AF_INET ? 4 : 16));
}

Bytes Join(Bytes header, const Bytes& payload) {
  header.insert(header.end(), payload.begin(), payload.end());
  return header;
}

std::uint16_t EthertypeOf(const Layer* next) {
  return next == nullptr ? 0 : next->ethertype;
}

std::uint8_t ProtocolOf(const Layer* next) {
  return next == nullptr ? std::uint8_t{IPPROTO_NONE} : next->ip_protocol;
}

// A transport header that begins with the two ports.
Layer PortsLayer(std::uint8_t protocol, std::uint16_t sport,
                 std::uint16_t dport, std::size_t size) {
  return {.ip_protocol = protocol,
          .lay_out = [=](const Layer*, const Bytes& p) {
            Bytes header;
            Put16(header, sport);
            Put16(header, dport);
            header.resize(size);
            return Join(std::move(header), p);
          }};
}

}  // namespace

Layer Ethernet::ToLayer() const {
  return {.lay_out = [*this](const Layer* next, const Bytes& payload) {
    Bytes header = {0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2};
    Put16(header, ethertype.value_or(EthertypeOf(next)));
    return Join(std::move(header), payload);
  }};
}

Layer Vlan::ToLayer() const {
  return {.ethertype = tpid,
          .lay_out = [*this](const Layer* next, const Bytes& payload) {
            Bytes header;
            Put16(header, id);
            Put16(header, ethertype.value_or(EthertypeOf(next)));
            return Join(std::move(header), payload);
          }};
}

Layer IPv4::ToLayer() const {
  const auto lay_out = [*this](const Layer* next, const Bytes& payload) {
    const std::size_t words = 5 + option_words;
    Bytes header;
    header.push_back(static_cast<std::uint8_t>(
        version << 4 |
        header_words.value_or(static_cast<std::uint8_t>(words))));
    header.push_back(0);
    Put16(header, total_bytes.value_or(
                      static_cast<std::uint16_t>(words * 4 + payload.size())));
    Put16(header, identification);
    Put16(header, fragment_offset | (more_fragments ? 0x2000u : 0u));
    header.push_back(64);
    header.push_back(protocol.value_or(ProtocolOf(next)));
    Put16(header, 0);
    PutAddress(header, AF_INET, src);
    PutAddress(header, AF_INET, dst);
    header.insert(header.end(), options.begin(), options.end());
    header.resize(words * 4, kNoOperation);
    PutChecksum(header, 10, 0);
    return Join(std::move(header), payload);
  };
  return {.ethertype = 0x0800, .ip_protocol = IPPROTO_IPIP, .lay_out = lay_out};
}

Layer IPv6::ToLayer() const {
  const auto lay_out = [*this](const Layer* next, const Bytes& payload) {
    Bytes header = {static_cast<std::uint8_t>(version << 4), 0, 0, 0};
    Put16(header,
          payload_bytes.value_or(static_cast<std::uint16_t>(payload.size())));
    header.push_back(next_header.value_or(ProtocolOf(next)));
    header.push_back(hop_limit);
    PutAddress(header, AF_INET6, src);
    PutAddress(header, AF_INET6, dst);
    return Join(std::move(header), payload);
  };
  return {.ethertype = 0x86dd, .ip_protocol = IPPROTO_IPV6, .lay_out = lay_out};
}

Layer Extension::ToLayer() const {
  const auto lay_out = [*this](const Layer* next, const Bytes& payload) {
    const std::size_t size =
        type == IPPROTO_AH ? (length + 2u) * 4 : (length + 1u) * 8;
    Bytes header = {next_header.value_or(ProtocolOf(next)), length};
    header.insert(header.end(), content.begin(), content.end());
    header.resize(size);
    return Join(std::move(header), payload);
  };
  return {.ip_protocol = type, .lay_out = lay_out};
}

Layer Fragment::ToLayer() const {
  const auto lay_out = [*this](const Layer* next, const Bytes& payload) {
    Bytes header = {next_header.value_or(ProtocolOf(next)), reserved};
    Put16(header, static_cast<std::size_t>(offset) << 3 | (more ? 1u : 0u));
    Put16(header, identification >> 16);
    Put16(header, identification & 0xffff);
    return Join(std::move(header), payload);
  };
  return {.ip_protocol = IPPROTO_FRAGMENT, .lay_out = lay_out};
}

Layer Tcp::ToLayer() const { return PortsLayer(IPPROTO_TCP, sport, dport, 20); }
Layer Udp::ToLayer() const { return PortsLayer(IPPROTO_UDP, sport, dport, 8); }
Layer Sctp::ToLayer() const {
  return PortsLayer(IPPROTO_SCTP, sport, dport, 12);
}

Layer Raw::ToLayer() const {
  return {.ethertype = ethertype,
          .ip_protocol = ip_protocol,
          .lay_out = [*this](const Layer*, const Bytes& payload) {
            return Join(bytes, payload);
          }};
}

void Packet::Append(const Packet& packet) {
  layers_.insert(layers_.end(), packet.layers_.begin(), packet.layers_.end());
}

Bytes Packet::ToBytes() const {
  Bytes bytes;
  const Layer* next = nullptr;
  for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer) {
    bytes = layer->lay_out(next, bytes);
    next = &*layer;
  }
  return bytes;
}

Packet operator/(Packet packet, const Packet& inner) {
  packet.Append(inner);
  return packet;
}

Bytes Cut(Bytes bytes, std::size_t size) {
  bytes.resize(std::min(size, bytes.size()));
  return bytes;
}

Bytes Pad(Bytes bytes, std::size_t size, std::uint8_t filler) {
  bytes.resize(std::max(size, bytes.size()), filler);
  return bytes;
}

}  // namespace fwagent::testing
