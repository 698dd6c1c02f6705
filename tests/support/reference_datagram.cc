#include "tests/support/reference_datagram.h"

namespace fwagent::testing {
namespace {

using policy::Family;

constexpr std::size_t kIPv6HeaderBytes = 40;
constexpr std::size_t kFragmentHeaderBytes = 8;

// docs/packets.md: "up to 24 headers within 16 KiB".
constexpr int kMaxExtensionHeaders = 24;
constexpr std::size_t kMaxChainBytes = 16384;

constexpr std::uint8_t kHopByHop = 0;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kFragment = 44;
constexpr std::uint8_t kAuthentication = 51;
constexpr std::uint8_t kIcmp6 = 58;
constexpr std::uint8_t kDestinationOptions = 60;
constexpr std::uint8_t kMobility = 135;
constexpr std::uint8_t kHip = 139;
constexpr std::uint8_t kShim6 = 140;

bool IsExtension(std::uint8_t protocol) {
  switch (protocol) {
    case kHopByHop:
    case kRouting:
    case kFragment:
    case kAuthentication:
    case kDestinationOptions:
    case kMobility:
    case kHip:
    case kShim6:
      return true;
    default:
      return false;
  }
}

std::size_t ExtensionBytes(std::uint8_t type, std::uint8_t length) {
  if (type == kFragment) return kFragmentHeaderBytes;
  // RFC 4302, section 2.2: in words of four bytes, minus two.
  if (type == kAuthentication) return (std::size_t{length} + 2) * 4;
  // RFC 8200, section 4: in units of eight bytes, without the first.
  return (std::size_t{length} + 1) * 8;
}

// Of eight bytes that are there.
FragmentOf ReadFragment(const Datagram& datagram, const ByteReader& header) {
  const std::uint16_t word = *header.U16(2);
  return {.key = {datagram.source, datagram.destination, *header.U32(4), 0},
          .offset = static_cast<std::uint16_t>(word >> 3),
          .more = (word & 1) != 0};
}

}  // namespace

std::optional<std::uint8_t> ByteReader::U8(std::size_t at) const {
  if (at >= size()) return std::nullopt;
  return bytes_[at];
}

std::optional<std::uint16_t> ByteReader::U16(std::size_t at) const {
  const auto high = U8(at);
  const auto low = U8(at + 1);
  if (!high || !low) return std::nullopt;
  return static_cast<std::uint16_t>(*high * 256 + *low);
}

std::optional<std::uint32_t> ByteReader::U32(std::size_t at) const {
  const auto high = U16(at);
  const auto low = U16(at + 2);
  if (!high || !low) return std::nullopt;
  return std::uint32_t{*high} * 65536 + *low;
}

Bytes ByteReader::Copy(std::size_t at, std::size_t count) const {
  const auto part = bytes_.subspan(at, count);
  return Bytes(part.begin(), part.end());
}

ByteReader ByteReader::First(std::size_t count) const {
  return ByteReader(bytes_.first(count));
}

ByteReader ByteReader::From(std::size_t at) const {
  return ByteReader(bytes_.subspan(at));
}

// RFC 791, section 3.1.
std::optional<Datagram> ReadIPv4(const ByteReader& bytes) {
  if (bytes.size() < 20) return std::nullopt;
  const std::uint8_t first = *bytes.U8(0);
  const std::size_t header_bytes = std::size_t{4} * (first & 15);
  const std::size_t total_bytes = *bytes.U16(2);
  if (first >> 4 != 4 || header_bytes < 20) return std::nullopt;
  if (total_bytes < header_bytes || total_bytes > bytes.size()) {
    return std::nullopt;
  }
  Datagram datagram = {
      .family = Family::kIPv4,
      .source = bytes.Copy(12, 4),
      .destination = bytes.Copy(16, 4),
      .protocol = *bytes.U8(9),
      .hop_limit = *bytes.U8(8),
      .payload = bytes.First(total_bytes).From(header_bytes),
  };
  const std::uint16_t word = *bytes.U16(6);
  datagram.fragment = {.key = {datagram.source, datagram.destination,
                               *bytes.U16(4), datagram.protocol},
                       .offset = static_cast<std::uint16_t>(word & 0x1fff),
                       .more = (word & 0x2000) != 0};
  return datagram;
}

// RFC 8200, section 3.
std::optional<Datagram> ReadIPv6(const ByteReader& bytes) {
  if (bytes.size() < kIPv6HeaderBytes) return std::nullopt;
  if (*bytes.U8(0) >> 4 != 6) return std::nullopt;
  const std::uint8_t next_header = *bytes.U8(6);
  const ByteReader behind = bytes.From(kIPv6HeaderBytes);
  std::size_t payload_bytes = *bytes.U16(4);
  if (payload_bytes > behind.size()) return std::nullopt;
  // RFC 2675: the length is in the hop-by-hop options.
  if (payload_bytes == 0 && next_header == kHopByHop) {
    payload_bytes = behind.size();
  }
  return Datagram{.family = Family::kIPv6,
                  .source = bytes.Copy(8, 16),
                  .destination = bytes.Copy(24, 16),
                  .protocol = next_header,
                  .hop_limit = *bytes.U8(7),
                  .payload = behind.First(payload_bytes)};
}

bool IsNeighborDiscovery(const Datagram& datagram) {
  if (datagram.family != Family::kIPv6) return false;
  if (datagram.protocol != kIcmp6 || datagram.hop_limit != 255) return false;
  const auto type = datagram.payload.U8(0);
  return type && *type >= 133 && *type <= 136;
}

Transport ReadTransport(const Datagram& datagram) {
  Transport found = {.kind = Transport::Kind::kWhole,
                     .protocol = datagram.protocol,
                     .payload = datagram.payload,
                     .fragment = datagram.fragment};
  const auto stop = [&found](Transport::Kind kind) {
    found.kind = kind;
    return found;
  };
  if (found.fragment && found.fragment->IsLater()) {
    return stop(Transport::Kind::kLaterFragment);
  }
  if (datagram.family == Family::kIPv4) return found;

  std::size_t chain_bytes = 0;
  for (int count = 0; IsExtension(found.protocol); ++count) {
    if (count == kMaxExtensionHeaders || chain_bytes > kMaxChainBytes) {
      return stop(Transport::Kind::kTooDeep);
    }
    const auto next_header = found.payload.U8(0);
    const auto length = found.payload.U8(1);
    if (!next_header || !length) return stop(Transport::Kind::kCut);
    const std::size_t size = ExtensionBytes(found.protocol, *length);
    if (size > found.payload.size()) return stop(Transport::Kind::kCut);
    if (found.protocol == kFragment) {
      const FragmentOf fragment = ReadFragment(datagram, found.payload);
      const bool is_atomic = !fragment.IsFirst() && !fragment.IsLater();
      if (!found.fragment && !is_atomic) found.fragment = fragment;
      if (fragment.IsLater()) {
        return stop(Transport::Kind::kLaterFragment);
      }
    }
    found.protocol = *next_header;
    found.payload = found.payload.From(size);
    chain_bytes += size;
  }
  return found;
}

}  // namespace fwagent::testing
