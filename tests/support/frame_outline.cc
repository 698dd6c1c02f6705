#include "tests/support/frame_outline.h"

namespace fwagent::testing {
namespace {

using End = FrameOutline::End;

constexpr std::size_t kMostTags = 16;
constexpr std::size_t kMostExtensions = 24;

constexpr std::uint8_t kHopByHop = 0;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kFragment = 44;
constexpr std::uint8_t kAuthentication = 51;
constexpr std::uint8_t kDestinationOptions = 60;

// Of bytes that are there.
std::size_t Get16(const Bytes& bytes, std::size_t at) {
  return std::size_t{bytes[at]} << 8 | bytes[at + 1];
}

std::string Copy(const Bytes& bytes, std::size_t at, std::size_t count) {
  const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(at);
  return {from, from + static_cast<std::ptrdiff_t>(count)};
}

// Authentication, mobility, HIP, Shim6.
bool IsOpaqueToNft(std::uint8_t type) {
  return type == kAuthentication || type == 135 || type == 139 || type == 140;
}

bool IsExtension(std::uint8_t type) {
  return type == kHopByHop || type == kRouting || type == kFragment ||
         type == kDestinationOptions || IsOpaqueToNft(type);
}

// Of an extension header of which two bytes are there.
std::size_t ExtensionBytes(const Bytes& frame, std::size_t at,
                           std::uint8_t type) {
  if (type == kFragment) return 8;
  const std::size_t length = frame[at + 1];
  return type == kAuthentication ? (length + 2) * 4 : (length + 1) * 8;
}

// Says how many bytes were added: the authentication header counts in units of
// four bytes, options in units of eight.
std::size_t MakeOptions(Bytes& frame, const FrameOutline::Opaque& header) {
  const std::size_t size = (header.size + 7) / 8 * 8;
  const std::size_t added = size - header.size;
  frame[header.announced_at] = kDestinationOptions;
  frame[header.at + 1] = static_cast<std::uint8_t>(size / 8 - 1);
  const std::size_t end = header.at + header.size;
  frame.insert(frame.begin() + static_cast<std::ptrdiff_t>(end), added,
               std::uint8_t{0});
  return added;
}

// Of an IPv6 datagram.
void RaiseLength(Bytes& frame, std::size_t ip_at, std::size_t added) {
  const std::size_t length = Get16(frame, ip_at + 4);
  // Of a jumbogram it is 0.
  if (length == 0) return;
  frame[ip_at + 4] = static_cast<std::uint8_t>((length + added) >> 8);
  frame[ip_at + 5] = static_cast<std::uint8_t>(length + added);
}

class OutlineReader {
 public:
  explicit OutlineReader(const Bytes& frame) : frame_(frame) {}

  FrameOutline Read() {
    outline_.datagram_end = frame_.size();
    outline_.end = ReadLink();
    return outline_;
  }

 private:
  bool Has(std::size_t at, std::size_t count) const {
    return at + count <= outline_.datagram_end;
  }

  End ReadLink() {
    std::size_t at = 12;
    for (;; at += 4) {
      outline_.type_at = at;
      if (!Has(at, 2)) return End::kCutInLink;
      const std::size_t type = Get16(frame_, at);
      if (type != 0x8100 && type != 0x88a8) break;
      ++outline_.tags;
    }
    const std::size_t type = Get16(frame_, at);
    outline_.is_ipv4 = type == 0x0800;
    if (outline_.tags > kMostTags) return End::kTooManyTags;
    if (type == 0x0800) return ReadIPv4(at + 2);
    if (type == 0x86dd) return ReadIPv6(at + 2);
    return End::kNotIp;
  }

  // RFC 791, section 3.1.
  End ReadIPv4(std::size_t at) {
    if (!Has(at, 20)) return End::kBadIPv4;
    const std::size_t header_bytes = (frame_[at] & 0x0fu) * 4u;
    const std::size_t total_bytes = Get16(frame_, at + 2);
    if (frame_[at] >> 4 != 4 || header_bytes < 20 ||
        total_bytes < header_bytes || !Has(at, total_bytes)) {
      return End::kBadIPv4;
    }
    outline_.datagram_end = at + total_bytes;
    outline_.protocol = frame_[at + 9];
    const std::size_t word = Get16(frame_, at + 6);
    const std::size_t offset = word & 0x1fff;
    const bool more = (word & 0x2000) != 0;
    if (offset != 0 || more) {
      outline_.datagram = Copy(frame_, at + 12, 8) + Copy(frame_, at + 4, 2) +
                          Copy(frame_, at + 9, 1);
    }
    if (offset == 1 && outline_.protocol == kTcp) return End::kRewritesTcp;
    if (offset != 0) return End::kLaterFragment;
    return ReadPort(at + header_bytes);
  }

  // RFC 8200, section 3; RFC 2675 for the length of 0.
  End ReadIPv6(std::size_t at) {
    if (!Has(at, 40) || frame_[at] >> 4 != 6) return End::kBadIPv6;
    const std::size_t payload_bytes = Get16(frame_, at + 4);
    if (!Has(at + 40, payload_bytes)) return End::kBadIPv6;
    const bool is_jumbogram = payload_bytes == 0 && frame_[at + 6] == kHopByHop;
    if (!is_jumbogram) outline_.datagram_end = at + 40 + payload_bytes;
    return ReadExtensions(at);
  }

  End ReadExtensions(std::size_t ip_at) {
    std::size_t announced_at = ip_at + 6;
    std::size_t at = ip_at + 40;
    for (std::size_t count = 0; IsExtension(frame_[announced_at]); ++count) {
      const std::uint8_t type = frame_[announced_at];
      outline_.protocol = type;
      if (count == kMostExtensions) return End::kTooManyExtensions;
      if (!Has(at, 2)) return End::kCutInExtension;
      const std::size_t size = ExtensionBytes(frame_, at, type);
      if (!Has(at, size)) return End::kCutInExtension;
      if (IsOpaqueToNft(type)) {
        outline_.opaque.push_back(
            {.announced_at = announced_at, .at = at, .size = size});
      }
      if (type == kFragment && ReadFragment(ip_at, at) != 0) {
        return End::kLaterFragment;
      }
      announced_at = at;
      at += size;
    }
    outline_.protocol = frame_[announced_at];
    return ReadPort(at);
  }

  // The offset. Of several fragment headers the outermost that is not atomic
  // names the datagram.
  std::size_t ReadFragment(std::size_t ip_at, std::size_t at) {
    const std::size_t word = Get16(frame_, at + 2);
    const std::size_t offset = word >> 3;
    const bool more = (word & 1) != 0;
    if ((offset != 0 || more) && !outline_.datagram) {
      outline_.datagram = Copy(frame_, ip_at + 8, 32) + Copy(frame_, at + 4, 4);
    }
    return offset;
  }

  End ReadPort(std::size_t at) const {
    return HasPorts(outline_.protocol) && !Has(at, 4) ? End::kCutBeforePort
                                                      : End::kWhole;
  }

  const Bytes& frame_;
  FrameOutline outline_;
};

}  // namespace

bool HasPorts(std::uint8_t ip_protocol) {
  return ip_protocol == kTcp || ip_protocol == 17 || ip_protocol == 33 ||
         ip_protocol == 132 || ip_protocol == 136;
}

FrameOutline ReadOutline(const Bytes& frame) {
  return OutlineReader(frame).Read();
}

Bytes PlainForm(const Bytes& frame, const FrameOutline& outline) {
  // There is nothing to show of what ends in a tag.
  if (outline.end == End::kCutInLink) return frame;
  Bytes plain = frame;
  plain.resize(outline.datagram_end);
  // From the end on: what is added moves what is behind.
  std::size_t added = 0;
  for (std::size_t i = outline.opaque.size(); i-- > 0;) {
    added += MakeOptions(plain, outline.opaque[i]);
  }
  if (added > 0) RaiseLength(plain, outline.type_at + 2, added);
  plain.erase(plain.begin() + 12,
              plain.begin() + static_cast<std::ptrdiff_t>(outline.type_at));
  return plain;
}

}  // namespace fwagent::testing
