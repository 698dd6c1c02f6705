// Reading a frame for ReferenceFilter, in the order of the RFCs: every read may
// find that the bytes are not there.
#ifndef FWAGENT_TESTS_SUPPORT_REFERENCE_DATAGRAM_H_
#define FWAGENT_TESTS_SUPPORT_REFERENCE_DATAGRAM_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <tuple>

#include "agent/policy/prefix.h"
#include "tests/support/packet.h"

namespace fwagent::testing {

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  std::size_t size() const { return bytes_.size(); }
  std::optional<std::uint8_t> U8(std::size_t at) const;
  // Network byte order.
  std::optional<std::uint16_t> U16(std::size_t at) const;
  std::optional<std::uint32_t> U32(std::size_t at) const;
  // These take bytes that are there.
  Bytes Copy(std::size_t at, std::size_t count) const;
  ByteReader First(std::size_t count) const;
  ByteReader From(std::size_t at) const;

 private:
  std::span<const std::uint8_t> bytes_;
};

// Which datagram a fragment is of, and whereabouts in it.
struct FragmentOf {
  // Source, destination, identification, and of IPv4 the protocol.
  using Key = std::tuple<Bytes, Bytes, std::uint32_t, std::uint8_t>;
  Key key;
  std::uint16_t offset = 0;  // in units of 8 bytes
  bool more = false;

  bool IsFirst() const { return offset == 0 && more; }
  bool IsLater() const { return offset != 0; }
};

// An IP datagram whose lengths hold.
struct Datagram {
  policy::Family family;
  Bytes source;
  Bytes destination;
  std::uint8_t protocol;                    // of what is behind the IP header
  std::uint8_t hop_limit;                   // IPv6
  ByteReader payload;                       // without padding
  std::optional<FragmentOf> fragment = {};  // IPv4
};

// The datagram at the beginning of `bytes`; nothing when it is malformed.
std::optional<Datagram> ReadIPv4(const ByteReader& bytes);
std::optional<Datagram> ReadIPv6(const ByteReader& bytes);

// RFC 4861, section 6.1 and 7.1: ICMPv6 133 to 136 that no router forwarded.
bool IsNeighborDiscovery(const Datagram& datagram);

// What is behind all extension headers.
struct Transport {
  enum class Kind {
    kWhole,          // protocol and payload are those of the transport
    kLaterFragment,  // no transport header here
    kTooDeep,
    kCut,  // inside an extension header
  };
  Kind kind;
  std::uint8_t protocol;
  ByteReader payload;
  std::optional<FragmentOf> fragment = {};
};
Transport ReadTransport(const Datagram& datagram);

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_REFERENCE_DATAGRAM_H_
